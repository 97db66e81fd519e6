//! Files of every version of the format, which are written once and must always be readable, and
//! files that must be refused.
//!
//! A missing file is written, but only by the crate version that introduces it: if a file of a
//! released version is deleted, this test fails. The contents of these files never change, so the
//! builders below may not change either.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Once, PoisonError};

use crate::support::golden_records::*;
use crate::support::*;
use vortex_coder::columns;
use vortex_coder::container::constants::*;
use vortex_coder::container::*;
use vortex_coder::mixing::Level;
use vortex_coder::{ErrorKind, Schema};

/// The crate version that wrote the files of the format versions 1 and 4.
const WRITTEN_BY: &str = "0.1.0";
/// Need networks; the tests of vortex-infer read them.
const NEED_NETWORKS: [&str; 2] = ["v1_mixed.vxc", "v1_network.vxc"];

fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets")
}

/// Reads the file, or builds it if that is still allowed.
fn read_or_write(name: &str, build: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
    // Tests run in parallel.
    static WRITING: Mutex<()> = Mutex::new(());
    let _alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let path = assets().join(name);
    if !path.exists() {
        assert_eq!(env!("CARGO_PKG_VERSION"), WRITTEN_BY, "{name} is gone: restore it");
        std::fs::create_dir_all(assets()).unwrap();
        std::fs::write(&path, build()).unwrap();
    }
    std::fs::read(&path).unwrap()
}

/// Name, original bytes and, for each member, how many of them and how they were written.
type Golden = (&'static str, Vec<u8>, Vec<(usize, WriterOptions)>);

fn goldens() -> Vec<Golden> {
    let bytes = || ordinary(Coder::Classic(Schema::bytes()));
    let adaptive = |schema| ordinary(Coder::adaptive(schema));
    let three_lanes = |schema| WriterOptions {
        zstd_level: None,
        lanes: Some(3),
        block_bytes: 4096,
        ..adaptive(schema)
    };
    let mixing = |schema, level| WriterOptions {
        zstd_level: None,
        block_bytes: 1 << 16,
        ..ordinary(Coder::mixing(schema, level))
    };
    let by_columns = |schema, level| WriterOptions {
        zstd_level: None,
        block_bytes: 1 << 16,
        ..ordinary(Coder::columns(schema, level))
    };
    let mut typed = typed_records(100);
    typed.extend([1, 2, 3, 4, 5]);
    let mut zero_tail = records(200, 3);
    zero_tail.extend([0; 10]);
    let text = b"the quick brown fox jumps over the lazy dog; ".repeat(60);
    // Enough records of the first kind that its noise is coded flat.
    let mixed_records = [lawful_records(1600), sequential_records(300), typed.clone()];
    let columns_bytes =
        [lawful_records(300), sequential_records(300), typed.clone(), grouped_records(3000)];
    let parts = [records(50, 2), Random(6).bytes(300), vec![b'z'; 2000]];
    vec![
        ("v1_empty.vxc", Vec::new(), vec![(0, bytes())]),
        ("v1_raw.vxc", Random(5).bytes(1100), vec![(1100, bytes())]),
        ("v1_zstd.vxc", text.clone(), vec![(text.len(), bytes())]),
        ("v1_adaptive_bytes.vxc", text.clone(), {
            let options = WriterOptions { zstd_level: None, ..adaptive(Schema::bytes()) };
            vec![(text.len(), options)]
        }),
        ("v1_adaptive_records.vxc", zero_tail.clone(), {
            let options = WriterOptions { lanes: Some(5), ..adaptive(schema()) };
            vec![(zero_tail.len(), options)]
        }),
        (
            "v1_adaptive_every_type.vxc",
            typed.clone(),
            vec![(typed.len(), three_lanes(every_type()))],
        ),
        ("v1_members.vxc", parts.concat(), {
            let coders = [adaptive(schema()), bytes(), adaptive(Schema::bytes())];
            parts.iter().map(Vec::len).zip(coders).collect()
        }),
        ("v1_laws.vxc", lawful_records(300), vec![(7200, three_lanes(lawful()))]),
        ("v1_deltas.vxc", sequential_records(300), vec![(6900, three_lanes(sequential()))]),
        ("v1_formulas.vxc", formulas::records(300), {
            vec![(24_000, three_lanes(formulas::schema()))]
        }),
        ("v1_mixing_bytes.vxc", mixed_bytes(), {
            let options = mixing(Schema::bytes(), Level::DEFAULT);
            vec![(mixed_bytes().len(), options)]
        }),
        ("v1_mixing_records.vxc", mixed_records.concat(), {
            let options = [
                mixing(lawful(), Level::LOWEST),
                mixing(sequential(), Level::HIGHEST),
                mixing(every_type(), Level::DEFAULT),
            ];
            mixed_records.iter().map(Vec::len).zip(options).collect()
        }),
        ("v1_mixing_array.vxc", arrays().map(|(_, bytes)| bytes).concat(), {
            let member =
                |(schema, bytes): (Schema, Vec<u8>)| (bytes.len(), mixing(schema, Level::DEFAULT));
            arrays().map(member).into()
        }),
        ("v1_columns.vxc", columns_bytes.concat(), {
            let options = [
                by_columns(lawful(), columns::Level::LOWEST),
                by_columns(sequential(), columns::Level::HIGHEST),
                by_columns(every_type(), columns::Level::HIGHEST),
                by_columns(grouped(), columns::Level::HIGHEST),
            ];
            columns_bytes.iter().map(Vec::len).zip(options).collect()
        }),
        ("v1_packed_schema.vxc", records(50, 4), vec![(550, adaptive(long_names()))]),
        ("v1_labels.vxc", parts.concat(), {
            let coders = [adaptive(schema()), bytes(), adaptive(Schema::bytes())];
            let labels = ["records/é", "b", "text"].map(|label| Some(label.to_owned()));
            let options = coders
                .into_iter()
                .zip(labels)
                .map(|(options, label)| WriterOptions { label, ..options });
            parts.iter().map(Vec::len).zip(options).collect()
        }),
        // Every form of a short member: modelled with a label, raw, zstd, with a tail, with a packed
        // schema, raw with the digest of a model file, no data.
        ("v4_short.vxc", [&parts.concat(), &typed[..], &records(50, 4), &parts[1]].concat(), {
            let options = [
                WriterOptions {
                    label: Some("a".into()),
                    ..small_blocks(Coder::adaptive(schema()))
                },
                WriterOptions::new(Coder::mixing(Schema::bytes(), Level::DEFAULT)),
                WriterOptions::new(Coder::Classic(Schema::bytes())),
                WriterOptions { block_bytes: 1 << 16, ..three_lanes(every_type()) },
                small_blocks(Coder::adaptive(long_names())),
                small_blocks(Coder::Model(Arc::new(SeedModel::new(1)))),
                WriterOptions::new(Coder::adaptive(schema())),
            ];
            let options = options.map(|options| WriterOptions { short: true, ..options });
            let lens = parts.iter().map(Vec::len).chain([typed.len(), 550, parts[1].len(), 0]);
            lens.zip(options).collect()
        }),
    ]
}

#[test]
fn files_of_every_version_are_read() {
    // Other tests need the files too.
    static ONCE: Once = Once::new();
    ONCE.call_once(read_all);
}

fn read_all() {
    for (name, original, members) in goldens() {
        let file = read_or_write(name, || {
            let (mut rest, mut file) = (original.as_slice(), Vec::new());
            for (len, options) in members {
                let (now, later) = rest.split_at(len);
                file.extend(encode(now, options).0);
                rest = later;
            }
            file
        });
        assert!(decode(&file).unwrap() == original, "{name}");
        assert!(decode_indexed(&file, ReaderOptions::default()).unwrap() == original, "{name}");
    }
}

#[test]
fn golden_files_use_what_they_should() {
    let methods = |name: &str| {
        let (_, original, _) = goldens().into_iter().find(|golden| golden.0 == name).unwrap();
        let file = std::fs::read(assets().join(name)).unwrap();
        let mut out = Vec::new();
        let summary = Reader::new(file.as_slice(), ReaderOptions::default()).copy_to(&mut out);
        assert_eq!(out.len(), original.len());
        let summary = summary.unwrap();
        [summary.raw_blocks > 0, summary.zstd_blocks > 0, summary.modelled_blocks > 0]
    };
    files_of_every_version_are_read();
    assert_eq!(methods("v1_raw.vxc"), [true, false, false]);
    assert_eq!(methods("v1_zstd.vxc"), [false, true, false]);
    assert_eq!(methods("v1_adaptive_bytes.vxc"), [false, false, true]);
    assert!(methods("v1_adaptive_records.vxc")[2]);
    assert!(methods("v1_adaptive_every_type.vxc")[2]);
    assert_eq!(methods("v1_laws.vxc"), [false, false, true]);
    assert_eq!(methods("v1_deltas.vxc"), [false, false, true]);
    assert_eq!(methods("v1_formulas.vxc"), [false, false, true]);
    assert_eq!(methods("v4_short.vxc"), [true, true, true]);
    assert_eq!(methods("v1_columns.vxc"), [false, false, true]);
    assert_eq!(methods("v1_mixing_bytes.vxc"), [false, false, true]);
    assert_eq!(methods("v1_mixing_records.vxc"), [false, false, true]);
    assert_eq!(methods("v1_mixing_array.vxc"), [false, false, true]);
    // One member is read as an array, the other one as records.
    let file = std::fs::read(assets().join("v1_mixing_array.vxc")).unwrap();
    let mut reader =
        IndexedReader::open(std::io::Cursor::new(&file), ReaderOptions::default()).unwrap();
    let kinds = [0, 1].map(|member| {
        let block = reader.blocks(member).unwrap()[0];
        file[block.file_offset as usize + BLOCK_HEADER_BYTES]
    });
    assert_eq!((file[10], kinds), (7, [1, 0]));
}

#[test]
fn the_short_golden_file_has_every_flag() {
    files_of_every_version_are_read();
    let file = std::fs::read(assets().join("v4_short.vxc")).unwrap();
    let indexed = IndexedReader::open(std::io::Cursor::new(&file), ReaderOptions::default());
    let starts: Vec<_> =
        indexed.unwrap().members().map(|member| member.file_offset as usize).collect();
    let all = starts.iter().fold(0, |flags, at| flags | file[at + 9]);
    assert_eq!(all, FLAG_SCHEMA | FLAG_LABEL | FLAG_PACKED_SCHEMA | FLAG_TAIL);
    let predictors: Vec<u8> = starts.iter().map(|at| file[at + 10]).collect();
    assert!([0, 1, 2, 5].iter().all(|id| predictors.contains(id)), "{predictors:?}");
}

#[test]
fn a_packed_schema_is_read() {
    files_of_every_version_are_read();
    let file = std::fs::read(assets().join("v1_packed_schema.vxc")).unwrap();
    assert_ne!(file[9] & FLAG_PACKED_SCHEMA, 0);
    let indexed = IndexedReader::open(std::io::Cursor::new(&file), ReaderOptions::default());
    let indexed = indexed.unwrap();
    assert_eq!(indexed.members().next().unwrap().schema.as_deref(), Some(&long_names()));
}

#[test]
fn labels_are_read() {
    files_of_every_version_are_read();
    let file = std::fs::read(assets().join("v1_labels.vxc")).unwrap();
    let indexed = IndexedReader::open(std::io::Cursor::new(&file), ReaderOptions::default());
    let indexed = indexed.unwrap();
    let labels: Vec<_> = indexed.members().map(|m| m.label.clone().unwrap()).collect();
    assert_eq!(labels, ["records/é", "b", "text"]);
    let mut reader = Reader::new(file.as_slice(), ReaderOptions::default());
    let mut lens = [0; 3];
    while let Some(block) = reader.next_block().unwrap() {
        let member = reader.members() as usize;
        assert_eq!(reader.label(), Some(labels[member].as_str()));
        lens[member] += block.len() as u64;
    }
    let stated: Vec<_> = indexed.members().map(|m| m.original_bytes).collect();
    assert_eq!(lens[..], stated);
    for label in [String::new(), "x".repeat(4097)] {
        let coder = Coder::Classic(Schema::bytes());
        let options = WriterOptions { label: Some(label), ..WriterOptions::new(coder) };
        let error = Writer::new(Vec::new(), options).err().unwrap();
        assert_eq!(error.kind, ErrorKind::InvalidArgument);
    }
}

/// The file of `name` with something done to it.
fn damaged(name: &str, damage: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    files_of_every_version_are_read();
    let mut file = std::fs::read(assets().join(name)).unwrap();
    damage(&mut file);
    file
}

/// Writes the right CRC32 after changed bytes.
fn fix_crc(bytes: &mut [u8]) {
    let end = bytes.len() - CRC_BYTES;
    let crc = crc32fast::hash(&bytes[..end]);
    bytes[end..].copy_from_slice(&crc.to_le_bytes());
}

type Damage = fn(&mut Vec<u8>);

/// Name, kind of the error, source file, and the damage.
fn bad() -> Vec<(&'static str, ErrorKind, &'static str, Damage)> {
    use ErrorKind::{
        ChecksumMismatch, Corrupt, NotVxc, TrailingData, Truncated, UnsupportedVersion,
    };
    vec![
        ("bad_magic.vxc", NotVxc, "v1_zstd.vxc", |f| f[0] = 0x1E),
        ("bad_text_mode.vxc", NotVxc, "v1_zstd.vxc", |f| {
            f.remove(4);
        }),
        ("bad_short_end.vxc", Corrupt, "v4_short.vxc", |f| *f.last_mut().unwrap() = 0x9E),
        ("bad_short_digest.vxc", ChecksumMismatch, "v4_short.vxc", |f| {
            let (end, last) = (f.len() - SHORT_END_BYTES, f.len() - 1);
            f[end + 4] ^= 1;
            fix_crc(&mut f[end..last]);
        }),
        ("bad_short_header.vxc", ChecksumMismatch, "v4_short.vxc", |f| f[13] ^= 1),
        ("bad_version.vxc", UnsupportedVersion, "v1_zstd.vxc", |f| f[8] = 2),
        ("bad_flag.vxc", UnsupportedVersion, "v1_zstd.vxc", |f| {
            f[9] |= 4;
            fix_crc(&mut f[..HEADER_BYTES]);
        }),
        ("bad_header_bit.vxc", ChecksumMismatch, "v1_zstd.vxc", |f| f[12] ^= 1),
        ("bad_label_bit.vxc", ChecksumMismatch, "v1_labels.vxc", |f| f[HEADER_BYTES + 3] ^= 1),
        ("bad_label_utf8.vxc", Corrupt, "v1_labels.vxc", |f| {
            f[HEADER_BYTES + 2] = 0xff;
            fix_crc(&mut f[HEADER_BYTES..HEADER_BYTES + 2 + "records/é".len() + CRC_BYTES]);
        }),
        ("bad_label_empty.vxc", Corrupt, "v1_labels.vxc", |f| f[HEADER_BYTES] = 0),
        ("bad_packed_schema.vxc", Corrupt, "v1_packed_schema.vxc", |f| {
            let len = u32::from_le_bytes(f[16..20].try_into().unwrap()) as usize;
            f[HEADER_BYTES] += 1;
            fix_crc(&mut f[HEADER_BYTES..HEADER_BYTES + len + CRC_BYTES]);
        }),
        ("bad_method.vxc", UnsupportedVersion, "v1_raw.vxc", |f| {
            f[HEADER_BYTES + 1] = 3;
            fix_crc(&mut f[HEADER_BYTES..HEADER_BYTES + BLOCK_HEADER_BYTES]);
        }),
        ("bad_payload_bit.vxc", ChecksumMismatch, "v1_adaptive_bytes.vxc", |f| f[100] ^= 1),
        ("bad_original_crc.vxc", ChecksumMismatch, "v1_adaptive_bytes.vxc", |f| {
            f[HEADER_BYTES + 16] ^= 1;
            fix_crc(&mut f[HEADER_BYTES..HEADER_BYTES + BLOCK_HEADER_BYTES]);
        }),
        // Regions are possible with predictor 7 only.
        ("bad_array.vxc", Corrupt, "v1_mixing_array.vxc", |f| {
            f[10] = 5;
            fix_crc(&mut f[..HEADER_BYTES]);
        }),
        ("bad_lanes.vxc", Corrupt, "v1_adaptive_bytes.vxc", |f| {
            f[HEADER_BYTES + 2..HEADER_BYTES + 4].copy_from_slice(&1025u16.to_le_bytes());
            fix_crc(&mut f[HEADER_BYTES..HEADER_BYTES + BLOCK_HEADER_BYTES]);
        }),
        ("bad_cut_in_block.vxc", Truncated, "v1_raw.vxc", |f| f.truncate(500)),
        ("bad_cut_footer.vxc", Truncated, "v1_raw.vxc", |f| f.truncate(f.len() - 1)),
        ("bad_no_bytes.vxc", Truncated, "v1_empty.vxc", Vec::clear),
        ("bad_index_bit.vxc", ChecksumMismatch, "v1_raw.vxc", |f| {
            let entry = f.len() - FOOTER_BYTES - INDEX_ENTRY_BYTES;
            f[entry] ^= 1;
        }),
        ("bad_digest.vxc", ChecksumMismatch, "v1_raw.vxc", |f| {
            let footer = f.len() - FOOTER_BYTES;
            f[footer + 32] ^= 1;
            fix_crc(&mut f[footer..footer + FOOTER_BYTES - 8]);
        }),
        ("bad_trailing_newline.vxc", TrailingData, "v1_members.vxc", |f| f.push(b'\n')),
        ("bad_between_members.vxc", TrailingData, "v1_members.vxc", |f| {
            let start = f[8..].windows(8).position(|w| w == MAGIC).unwrap() + 8;
            f.insert(start, 0);
        }),
    ]
}

#[test]
fn bad_files_are_refused() {
    let bad = bad();
    for &(name, kind, source, damage) in &bad {
        // Outside the closure, because it reads, and may write, the source file.
        let broken = damaged(source, damage);
        let file = read_or_write(name, || broken);
        let error = decode(&file).expect_err(name);
        assert_eq!(error.kind, kind, "{name}: {error}");
        // Only readers that read everything check the digest.
        if !name.ends_with("digest.vxc") {
            decode_indexed(&file, ReaderOptions::default()).expect_err(name);
        }
    }
    for entry in std::fs::read_dir(assets()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = bad.iter().any(|b| b.0 == name) || goldens().iter().any(|g| g.0 == name);
        let known = known || NEED_NETWORKS.contains(&name.as_str());
        assert!(known || !name.ends_with(".vxc"), "nothing tests {name}");
    }
}
