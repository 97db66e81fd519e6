//! Short members: one small block, 64 bytes around the payload.

use std::io::Cursor;
use std::sync::Arc;

use crate::support::golden_records::long_names;
use crate::support::*;
use proptest::prelude::*;
use vortex_coder::ErrorKind::*;
use vortex_coder::container::constants::*;
use vortex_coder::container::*;
use vortex_coder::{Identity, Schema};

fn bytes() -> Coder {
    Coder::Classic(Schema::bytes())
}

fn labelled(coder: Coder) -> WriterOptions {
    WriterOptions { label: Some("µ".into()), ..WriterOptions::new(coder) }
}

/// Every kind: raw, zstd, modelled with and without a tail, a model file by its digest, no data;
/// with and without schema and label.
fn members() -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut with_tail = records(60, 5);
    with_tail.extend([1, 2, 3]);
    let model = || Coder::Model(Arc::new(SeedModel::new(1)));
    let all = [
        (Random(3).bytes(16), WriterOptions::new(bytes())),
        (vec![5; 2000], WriterOptions::new(bytes())),
        (Vec::new(), WriterOptions::new(bytes())),
        (Vec::new(), labelled(Coder::adaptive(schema()))),
        (with_tail.clone(), WriterOptions::new(Coder::adaptive(schema()))),
        (records(50, 4), labelled(Coder::adaptive(long_names()))),
        (with_tail, labelled(model())),
        (records(30, 8), WriterOptions::new(model())),
    ];
    all.into_iter().map(|(data, options)| (encode(&data, options).0, data)).collect()
}

#[test]
fn small_data_take_64_bytes_more_than_their_payload() {
    for (len, want) in [(0, 64), (1, 65), (16, 80), (65_535 - 64, 65_535)] {
        let (file, summary) = encode(&Random(1).bytes(len), WriterOptions::new(bytes()));
        assert_eq!((file.len(), summary.compressed_bytes), (want, want as u64), "{len}");
        assert_eq!(file[8], SHORT_VERSION);
    }
    let (file, _) = encode(&Random(1).bytes(65_535 - 63), WriterOptions::new(bytes()));
    assert_eq!((file.len(), file[8]), (65_535 - 63 + 192, VERSION));
}

#[test]
fn every_kind_comes_back_alone_and_among_others() {
    let (mut file, mut data) = (Vec::new(), Vec::new());
    for (member, original) in members() {
        assert_eq!(member[8], SHORT_VERSION);
        for decoded in both(&member) {
            assert_eq!(decoded.unwrap(), original);
        }
        let options = ordinary(Coder::adaptive(schema()));
        for (member, original) in [(member, original), (encode(&data, options).0, data.clone())] {
            file.extend(member);
            data.extend(original);
        }
    }
    for decoded in both(&file) {
        assert_eq!(decoded.unwrap(), data);
    }
    let mut reader = IndexedReader::open(Cursor::new(&file), with_models()).unwrap();
    assert_eq!(reader.members().len(), 16);
    for member in 0..16 {
        let info = reader.members().nth(member).unwrap().clone();
        let blocks = reader.blocks(member).unwrap();
        assert_eq!(info.version, if member % 2 == 0 { SHORT_VERSION } else { VERSION });
        assert_eq!(blocks.len() as u64, info.n_blocks);
        let sum: u64 = blocks.iter().map(|b| u64::from(b.header.original_bytes)).sum();
        assert_eq!(sum, info.original_bytes);
        let place = info.original_offset as usize;
        let original = &data[place..place + info.original_bytes as usize];
        assert_eq!(info.original_digest, *blake3::hash(original).as_bytes());
    }
    let mut random = Random(5);
    for _ in 0..300 {
        let start = random.next() as usize % data.len();
        let len = random.next() as usize % (data.len() - start + 1);
        assert_eq!(reader.read_range(start as u64, len).unwrap(), data[start..start + len]);
    }
    reader.check_stored().unwrap();
}

#[test]
fn labels_schemas_and_predictors_are_kept() {
    let found: Vec<_> = members()
        .iter()
        .map(|(file, _)| {
            let reader = IndexedReader::open(Cursor::new(file), with_models()).unwrap();
            let info = reader.members().next().unwrap().clone();
            (info.label, info.schema.map(|schema| (*schema).clone()), info.predictor)
        })
        .collect();
    let label = || Some("µ".to_owned());
    let seed = SeedModel::new(1).file();
    let network = Some(Identity::Network(*blake3::hash(&seed).as_bytes()));
    let adaptive = Some(Identity::Adaptive);
    let want = [
        (None, None, None),
        (None, None, None),
        (None, None, None),
        (label(), Some(schema()), adaptive),
        (None, Some(schema()), adaptive),
        (label(), Some(long_names()), adaptive),
        (label(), Some(schema()), network),
        (None, Some(schema()), network),
    ];
    assert_eq!(found, want);
}

#[test]
fn an_embedded_model_and_several_blocks_need_an_ordinary_member() {
    let model = Arc::new(SeedModel::new(1));
    let embed =
        WriterOptions { embed_model: Some(model.file()), ..small_blocks(Coder::Model(model)) };
    assert_eq!(encode(&records(10, 1), embed).0[8], VERSION);
    assert_eq!(encode(&Random(1).bytes(1024), small_blocks(bytes())).0[8], SHORT_VERSION);
    assert_eq!(encode(&Random(1).bytes(1025), small_blocks(bytes())).0[8], VERSION);
}

#[test]
fn every_flipped_bit_and_every_cut_is_an_error() {
    for (number, (file, _)) in members().into_iter().enumerate() {
        for bit in 0..file.len() * 8 {
            let mut damaged = file.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            for decoded in both(&damaged) {
                let kind = decoded.expect_err(&format!("{number}: bit {bit}")).kind;
                assert!(blames_the_file(kind), "{number}: bit {bit}: {kind:?}");
            }
            let indexed = IndexedReader::open(Cursor::new(&damaged), ReaderOptions::default());
            let stored = indexed.and_then(|mut reader| reader.check_stored());
            assert!(blames_the_file(stored.unwrap_err().kind), "{number}: stored bit {bit}");
        }
        for cut in 0..file.len() {
            for decoded in both(&file[..cut]) {
                assert_eq!(decoded.unwrap_err().kind, Truncated, "{number}: cut at {cut}");
            }
        }
        let [streamed, indexed] = both(&[&file[..], b"\x9f"].concat());
        assert_eq!(streamed.unwrap_err().kind, TrailingData);
        assert_eq!(indexed.unwrap_err().kind, Truncated);
    }
}

/// Fields of `file` changed, with right checksums of the header and the end.
fn forged(file: &[u8], header: usize, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut file = file.to_vec();
    change(&mut file);
    let crc = |bytes: &[u8]| crc32fast::hash(bytes).to_le_bytes();
    let sum = crc(&file[..header - CRC_BYTES]);
    file[header - CRC_BYTES..header].copy_from_slice(&sum);
    let end = file.len() - 1 - CRC_BYTES;
    let sum = crc(&file[end + CRC_BYTES + 1 - SHORT_END_BYTES..end]);
    file[end..end + CRC_BYTES].copy_from_slice(&sum);
    file
}

#[test]
fn lies_with_right_checksums_are_refused() {
    let raw = encode(&Random(3).bytes(16), WriterOptions::new(bytes())).0;
    let empty = encode(&[], WriterOptions::new(bytes())).0;
    let kind = |file: Vec<u8>| {
        let kinds = both(&file).map(|decoded| decoded.unwrap_err().kind);
        assert_eq!(kinds[0], kinds[1]);
        kinds[0]
    };
    let set = |at: usize, value: u8| forged(&raw, 21, |file| file[at] = value);
    assert_eq!(forged(&raw, 21, |_| ()), raw);
    for (at, value, want) in [
        (9, FLAG_MODEL, UnsupportedVersion),
        (9, 64, UnsupportedVersion),
        (9, FLAG_PACKED_SCHEMA, Corrupt),
        (10, 8, UnsupportedVersion),
        // The methods, and lanes without a model.
        (12, 3 << 6, UnsupportedVersion),
        (12, 1 << 6, Corrupt),
        (12, 2 << 6, Corrupt),
        (11, 1, Corrupt),
        (13, 0, Corrupt),
        (13, 17, Corrupt),
        // The payload would end elsewhere.
        (15, 15, Corrupt),
    ] {
        assert_eq!(kind(set(at, value)), want, "byte {at} = {value}");
    }
    for (at, value) in [(10, 2), (11, 1), (12, 1 << 6), (15, 1)] {
        let lie = forged(&empty, 21, |file| file[at] = value);
        assert!(blames_the_file(kind(lie)), "byte {at} = {value}");
    }
    // A byte of the payload, its CRC32, the BLAKE3 of the original bytes; the length of the member.
    for at in [30, 37, 41] {
        assert_eq!(kind(forged(&raw, 21, |file| file[at] ^= 1)), ChecksumMismatch, "byte {at}");
    }
    assert_eq!(kind(forged(&empty, 21, |file| file[21] ^= 1)), ChecksumMismatch);
    // Only who reads everything sees the digest of nothing.
    let lie = forged(&empty, 21, |file| file[25] ^= 1);
    assert_eq!(decode_with(&lie, with_models()).unwrap_err().kind, ChecksumMismatch);
    let lie = forged(&raw, 21, |file| file[73] += 1);
    assert_eq!(decode_with(&lie, with_models()).unwrap_err().kind, Corrupt);
}

#[test]
fn a_model_of_records_needs_their_schema() {
    let (file, _) =
        encode(&records(30, 8), WriterOptions::new(Coder::Model(Arc::new(SeedModel::new(1)))));
    // Without the flag, the length, and the section.
    let schema_bytes = usize::from(u16::from_le_bytes([file[17], file[18]])) + CRC_BYTES;
    let header = SHORT_FIXED_BYTES + 2 + DIGEST_BYTES + CRC_BYTES;
    let mut lie = file.clone();
    lie.drain(header..header + schema_bytes);
    lie.drain(17..19);
    let len = u16::try_from(lie.len()).unwrap();
    let lie = forged(&lie, header - 2, |file| {
        file[9] &= !FLAG_SCHEMA;
        let at = file.len() - 7;
        file[at..at + 2].copy_from_slice(&len.to_le_bytes());
    });
    for decoded in both(&lie) {
        assert_eq!(decoded.unwrap_err().kind, Corrupt);
    }
}

#[test]
fn a_damaged_payload_costs_its_member_alone() {
    let parts = [records(50, 1), Random(3).bytes(200), records(40, 2)];
    let coder = || small_blocks(Coder::adaptive(schema()));
    let members: Vec<_> = parts.iter().map(|part| encode(part, coder()).0).collect();
    let mut file = members.concat();
    let len = file.len() - members[2].len();
    file[len - SHORT_END_BYTES - 5] ^= 1;
    let mut reader = IndexedReader::open(Cursor::new(&file), with_models()).unwrap();
    assert_eq!(reader.read_range(0, parts[0].len()).unwrap(), parts[0]);
    let third = (parts[0].len() + parts[1].len()) as u64;
    assert_eq!(reader.read_range(third, parts[2].len()).unwrap(), parts[2]);
    let error = reader.read_range(parts[0].len() as u64, 1).unwrap_err();
    assert_eq!(error.kind, ChecksumMismatch);
    assert_eq!(reader.check_stored().unwrap_err().kind, ChecksumMismatch);
}

#[test]
fn many_short_members_need_bounded_memory() {
    let file = encode(&[1], WriterOptions::new(bytes())).0.repeat(5000);
    let limits = Limits { max_index_bytes: 100_000, ..Limits::default() };
    let options = ReaderOptions { limits, ..ReaderOptions::default() };
    let error = IndexedReader::open(Cursor::new(&file), options).err().unwrap();
    assert_eq!(error.kind, LimitExceeded);
    assert_eq!(both(&file)[1].as_ref().unwrap(), &vec![1; 5000]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn arbitrary_bytes_after_the_magic_never_panic(
        rest in prop::collection::vec(any::<u8>(), 0..200), fix in any::<bool>(),
    ) {
        let mut file = [&MAGIC[..], &[SHORT_VERSION], &rest, &[SHORT_END_TAG]].concat();
        if fix && file.len() > 80 {
            file[9] &= FLAG_LABEL;
            file = forged(&file, 21, |_| ());
        }
        let _ = both(&file);
    }

}

proptest! {
    // Each is up to 70,000 bytes, which take their time without optimisation.
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn data_of_every_length_come_back(
        len in 0usize..70_000, seed in any::<u64>(), zeros in any::<bool>(), typed in any::<bool>(),
    ) {
        let mut data = Random(seed | 1).bytes(len);
        if zeros {
            data.iter_mut().for_each(|byte| *byte &= 3);
        }
        let coder = Coder::adaptive(if typed { schema() } else { Schema::bytes() });
        let (file, summary) = encode(&data, WriterOptions::new(coder));
        prop_assert_eq!(summary.compressed_bytes, file.len() as u64);
        for decoded in both(&file) {
            prop_assert_eq!(&decoded.unwrap(), &data);
        }
    }
}
