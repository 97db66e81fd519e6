//! Flip every bit, cut at every length, falsify every size: always an error of the right kind,
//! never a panic, a wrong byte, a hang or memory beyond the limits.
#![allow(clippy::cast_possible_truncation, clippy::unwrap_used)]

mod container_support;

use std::io::Cursor;
use std::sync::Arc;

use container_support::*;
use vortex_coder::ErrorKind::{self, *};
use vortex_coder::container::constants::*;
use vortex_coder::container::*;
use vortex_coder::{Identity, Result, Schema};

/// Both ways of reading. Their errors may differ in kind, but their bytes must be equal.
fn both(file: &[u8]) -> [Result<Vec<u8>>; 2] {
    [decode_with(file, with_models()), decode_indexed(file, with_models())]
}

/// Kinds of errors that are allowed for a damaged file.
fn blames_the_file(kind: ErrorKind) -> bool {
    matches!(
        kind,
        Corrupt | Truncated | ChecksumMismatch | UnsupportedVersion | NotVxc | TrailingData
    )
}

/// Members of one block each: modelled with a tail and an embedded model, zstd, raw, and none.
fn members() -> Vec<Vec<u8>> {
    let model = Arc::new(SeedModel::new(1));
    let embed =
        WriterOptions { embed_model: Some(model.file()), ..small_blocks(Coder::Model(model)) };
    let mut with_tail = records(60, 5);
    with_tail.extend([1, 2, 3]);
    let bytes = || small_blocks(Coder::Classic(Schema::bytes()));
    vec![
        encode(&with_tail, embed).0,
        encode(&[5; 200], bytes()).0,
        encode(&Random(3).bytes(50), bytes()).0,
        encode(&[], small_blocks(Coder::adaptive(schema()))).0,
        encode(&records(30, 8), small_blocks(Coder::adaptive(schema()))).0,
    ]
}

#[test]
fn every_flipped_bit_is_an_error() {
    for (member, file) in members().into_iter().enumerate() {
        let [streamed, indexed] = both(&file);
        assert_eq!(streamed.unwrap(), indexed.unwrap());
        for bit in 0..file.len() * 8 {
            let mut damaged = file.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            for decoded in both(&damaged) {
                let kind = decoded.expect_err(&format!("{member}: bit {bit}")).kind;
                assert!(blames_the_file(kind), "{member}: bit {bit}: {kind:?}");
            }
        }
    }
}

#[test]
fn a_flipped_bit_has_the_kind_of_its_place() {
    let file = members().swap_remove(0);
    let len = file.len();
    let mut reader = IndexedReader::open(Cursor::new(&file), with_models()).unwrap();
    let block = reader.blocks(0).unwrap()[0];
    let (block_at, payload_at) =
        (block.file_offset as usize, block.file_offset as usize + BLOCK_HEADER_BYTES);
    let index_at = len - FOOTER_BYTES - INDEX_HEADER_BYTES - INDEX_ENTRY_BYTES;
    let kind_at = |byte: usize| match byte {
        0..8 => NotVxc,
        8 => UnsupportedVersion,
        // The tags, which distinguish a block from an index, and the end magic.
        _ if byte == block_at || byte == index_at || byte >= len - 8 => Corrupt,
        _ => ChecksumMismatch,
    };
    assert!(block.header.tail_bytes == 3 && payload_at < index_at);
    for bit in 0..len * 8 {
        let mut damaged = file.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let error = decode_with(&damaged, with_models()).unwrap_err();
        assert_eq!(error.kind, kind_at(bit / 8), "byte {}: {error}", bit / 8);
    }
}

#[test]
fn flips_in_a_file_of_many_blocks() {
    let data = [records(500, 5), Random(9).bytes(3000), vec![0; 3000]].concat();
    let model = Arc::new(SeedModel::new(1));
    let (file, _) = encode(&data, small_blocks(Coder::Model(model)));
    for bit in (0..file.len() * 8).step_by(61) {
        let mut damaged = file.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        for decoded in both(&damaged) {
            assert!(blames_the_file(decoded.unwrap_err().kind), "bit {bit}");
        }
        // The bytes before the damage are right.
        let mut reader = Reader::new(damaged.as_slice(), with_models());
        let mut good = Vec::new();
        while let Ok(Some(block)) = reader.next_block() {
            good.extend(block);
        }
        assert!(data.starts_with(&good), "bit {bit}");
    }
}

#[test]
fn every_cut_is_an_error() {
    let members = members();
    let file = members.concat();
    let mut starts = vec![0];
    for member in &members {
        starts.push(starts[starts.len() - 1] + member.len());
    }
    for cut in 0..file.len() {
        let whole = cut > 0 && starts.contains(&cut);
        for decoded in both(&file[..cut]) {
            match decoded {
                // As with gzip, a file that ends after a whole member is valid.
                Ok(_) => assert!(whole, "cut at {cut}"),
                Err(error) => {
                    assert!(!whole && error.kind == Truncated, "{cut}: {error}");
                }
            }
        }
    }
}

#[test]
fn what_follows_the_last_member_is_an_error() {
    let file = members().concat();
    let tails: [&[u8]; 6] =
        [&[0], b"\n", &[0; 4096], b"\x9EVXCx", &Random(1).bytes(99), b"\x9FVXC"];
    for tail in tails {
        let [streamed, indexed] = both(&[&file[..], tail].concat());
        assert_eq!(streamed.unwrap_err().kind, TrailingData, "{tail:02x?}");
        assert_eq!(indexed.unwrap_err().kind, Truncated, "{tail:02x?}");
    }
    for decoded in both(&[&file[..], &MAGIC].concat()) {
        assert_eq!(decoded.unwrap_err().kind, Truncated);
    }
    // Between members, and before the first.
    let members = members();
    let inside = [&members[1][..], b"?", &members[2]].concat();
    let [streamed, indexed] = both(&inside);
    assert_eq!(streamed.unwrap_err().kind, TrailingData);
    assert_eq!(indexed.unwrap_err().kind, Truncated);
    for decoded in both(&[b"?", &file[..]].concat()) {
        assert_eq!(decoded.unwrap_err().kind, NotVxc);
    }
}

#[test]
fn other_files_are_not_vxc() {
    let mut text_mode = members().concat();
    let cr = text_mode.iter().position(|&b| b == b'\r').unwrap();
    text_mode.remove(cr);
    let mut seven_bits = members().concat();
    seven_bits[0] &= 0x7F;
    let files: [&[u8]; 7] =
        [b"\x1f\x8b\x08\0", b"hello", &[0], &[0; 4096], &text_mode, &seven_bits, b"\x9eVXB"];
    for file in files {
        for decoded in both(file) {
            assert_eq!(decoded.unwrap_err().kind, NotVxc, "{file:02x?}");
        }
    }
    for decoded in both(&[]) {
        assert_eq!(decoded.unwrap_err().kind, Truncated);
    }
}

/// A member in parts, each of which can be falsified, with right checksums.
#[derive(Clone)]
struct Forgery {
    header: MemberHeader,
    schema: Vec<u8>,
    model: Vec<u8>,
    blocks: Vec<(BlockHeader, Vec<u8>)>,
    index: IndexHeader,
    entries: Vec<IndexEntry>,
    footer: Footer,
}

impl Forgery {
    /// A valid member of three blocks of 93, 93 and 5 records and a tail of 3 bytes.
    fn of_truth() -> Self {
        let mut data = records(191, 5);
        data.extend([1, 2, 3]);
        let (file, _) = encode(&data, small_blocks(Coder::adaptive(schema())));
        let mut reader = IndexedReader::open(Cursor::new(&file), with_models()).unwrap();
        let info = reader.members().next().unwrap().clone();
        let blocks: Vec<_> = reader
            .blocks(0)
            .unwrap()
            .iter()
            .map(|b| {
                let at = b.file_offset as usize + BLOCK_HEADER_BYTES;
                (b.header, file[at..at + b.header.payload_bytes as usize].to_vec())
            })
            .collect();
        assert_eq!(blocks.len(), 3);
        assert!(blocks.iter().all(|b| b.0.method == Method::Modelled), "{blocks:?}");
        let mut schema_bytes = Vec::new();
        schema().write_to(&mut schema_bytes);
        let mut truth = Self {
            header: MemberHeader {
                predictor: Some(Identity::Adaptive),
                block_bytes: 1023,
                schema_bytes: schema_bytes.len() as u32,
                model_bytes: 0,
                labelled: false,
                packed_schema: false,
            },
            schema: schema_bytes,
            model: Vec::new(),
            blocks,
            index: IndexHeader { n_blocks: 0 },
            entries: Vec::new(),
            footer: Footer {
                original_bytes: info.original_bytes,
                n_blocks: 0,
                index_offset: 0,
                member_bytes: 0,
                original_digest: info.original_digest,
                index_crc: 0,
            },
        };
        truth.settle();
        assert_eq!(truth.bytes(), file);
        truth
    }

    /// Makes the end fit the blocks again.
    fn settle(&mut self) {
        let entry = |(header, _): &(BlockHeader, _)| {
            // A falsified block that has no valid entry.
            let original_bytes = header.original_bytes;
            let lie = IndexEntry { original_bytes, stored_bytes: u32::MAX };
            IndexEntry::of(header).unwrap_or(lie)
        };
        self.entries = self.blocks.iter().map(entry).collect();
        self.settle_footer();
    }

    /// Makes the footer fit the index again.
    fn settle_footer(&mut self) {
        self.index.n_blocks = self.entries.len() as u64;
        self.footer.n_blocks = self.index.n_blocks;
        self.footer.original_bytes =
            self.blocks.iter().map(|(header, _)| u64::from(header.original_bytes)).sum();
        self.footer.index_offset = self.head().len() as u64
            + self.blocks.iter().map(|(_, p)| (BLOCK_HEADER_BYTES + p.len()) as u64).sum::<u64>();
        self.footer.index_crc = crc32fast::hash(&self.entry_bytes());
        self.footer.member_bytes = self.footer.index_offset
            + (INDEX_HEADER_BYTES + INDEX_ENTRY_BYTES * self.entries.len() + FOOTER_BYTES) as u64;
    }

    fn head(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.header.write_to(&mut out);
        if !self.schema.is_empty() {
            out.extend(&self.schema);
            out.extend(crc32fast::hash(&self.schema).to_le_bytes());
        }
        out.extend(&self.model);
        out
    }

    fn entry_bytes(&self) -> Vec<u8> {
        self.entries.iter().flat_map(|entry| entry.to_bytes()).collect()
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = self.head();
        for (header, payload) in &self.blocks {
            header.write_to(&mut out);
            out.extend(payload);
        }
        self.index.write_to(&mut out);
        out.extend(self.entry_bytes());
        self.footer.write_to(&mut out);
        out
    }
}

/// The errors of both readers for a forgery.
fn kinds(forge: impl FnOnce(&mut Forgery)) -> [ErrorKind; 2] {
    let mut forgery = Forgery::of_truth();
    forge(&mut forgery);
    both(&forgery.bytes()).map(|decoded| decoded.expect_err("a lie").kind)
}

#[test]
fn lies_of_the_header() {
    // Blocks of another length, whole records and not.
    assert_eq!(kinds(|f| f.header.block_bytes = 1012), [Corrupt; 2]);
    assert_eq!(kinds(|f| f.header.block_bytes = 1034), [Corrupt; 2]);
    assert_eq!(kinds(|f| f.header.block_bytes = 1024), [Corrupt; 2]);
    assert_eq!(kinds(|f| f.header.block_bytes = 11), [Corrupt; 2]);
    assert_eq!(kinds(|f| f.header.block_bytes = u32::MAX), [Corrupt; 2]);
    // A schema of another length, or none.
    assert_eq!(kinds(|f| f.header.schema_bytes -= 1), [ChecksumMismatch; 2]);
    assert_eq!(kinds(|f| f.header.schema_bytes += 1), [ChecksumMismatch; 2]);
    assert_eq!(kinds(|f| f.header.schema_bytes = MAX_SCHEMA_BYTES), [Truncated; 2]);
    assert_eq!(kinds(|f| f.header.schema_bytes = u32::MAX), [Corrupt; 2]);
    let dropped = kinds(|f| {
        (f.header.schema_bytes, f.schema) = (0, Vec::new());
        f.settle();
    });
    assert_eq!(dropped, [Corrupt; 2]);
    let padded = kinds(|f| {
        f.schema.push(0);
        f.header.schema_bytes += 1;
        f.settle();
    });
    assert_eq!(padded, [Corrupt; 2]);
    let cut = kinds(|f| {
        f.schema.pop();
        f.header.schema_bytes -= 1;
        f.settle();
    });
    assert_eq!(cut, [Corrupt; 2]);
    // Modelled blocks without a predictor, with a missing model, and with a wrong model.
    let without = kinds(|f| f.header.predictor = None);
    assert_eq!(without, [WrongModel; 2]);
    for predictor in [Identity::Network([1; 32]), Identity::NetworkMixed([1; 32])] {
        assert_eq!(kinds(|f| f.header.predictor = Some(predictor)), [WrongModel; 2]);
    }
    let swapped = kinds(|f| {
        f.header.predictor = Some(Identity::Network(*blake3::hash(b"model").as_bytes()));
        (f.header.model_bytes, f.model) = (5, b"other".to_vec());
        f.settle();
    });
    assert_eq!(swapped, [ChecksumMismatch; 2]);
    let absent = kinds(|f| {
        f.header.predictor = Some(Identity::Network([1; 32]));
        f.header.model_bytes = 1 << 28;
    });
    // One reader does not find the end of the model, the other finds no place for the index after
    // it.
    assert_eq!(absent, [Truncated, Corrupt]);
    let absurd = kinds(|f| {
        f.header.predictor = Some(Identity::Network([1; 32]));
        f.header.model_bytes = MAX_MODEL_BYTES;
    });
    assert_eq!(absurd, [LimitExceeded; 2]);
}

#[test]
fn a_model_with_another_schema_is_corrupt() {
    let model = SeedModel::new(1);
    let found = kinds(|f| {
        f.header.predictor = Some(Identity::Network(*blake3::hash(&model.file()).as_bytes()));
        f.schema.clear();
        Schema::new(11, vec![]).unwrap().write_to(&mut f.schema);
        f.header.schema_bytes = f.schema.len() as u32;
        f.settle();
    });
    assert_eq!(found, [Corrupt; 2]);
}

#[test]
fn lies_of_a_block() {
    type Lie = fn(&mut BlockHeader);
    // With an index that is falsified in the same way.
    let lies: [(Lie, [ErrorKind; 2]); 17] = [
        (|b| b.original_bytes -= 11, [ChecksumMismatch, Corrupt]),
        (|b| b.original_bytes = 1034, [Corrupt; 2]),
        (|b| b.original_bytes = u32::MAX, [Corrupt; 2]),
        (|b| b.original_bytes = 0, [Corrupt; 2]),
        (|b| b.payload_bytes -= 1, [ChecksumMismatch, Corrupt]),
        (|b| b.payload_bytes += 1, [ChecksumMismatch, Corrupt]),
        (|b| b.payload_bytes = u32::MAX, [Corrupt; 2]),
        (|b| b.payload_bytes = 0, [ChecksumMismatch, Corrupt]),
        (|b| b.lanes = 0, [Corrupt; 2]),
        (|b| b.lanes = 94, [Corrupt; 2]),
        (|b| b.lanes = u16::MAX, [Corrupt; 2]),
        (|b| (b.tail_bytes, b.tail_payload_bytes) = (11, 11), [Corrupt; 2]),
        (|b| (b.tail_bytes, b.tail_payload_bytes) = (1, 1), [Corrupt; 2]),
        (|b| b.tail_payload_bytes = 1, [Corrupt; 2]),
        (|b| b.original_crc ^= 1, [ChecksumMismatch; 2]),
        (|b| b.payload_crc ^= 1, [ChecksumMismatch; 2]),
        (|b| b.method = Method::Raw, [Corrupt; 2]),
    ];
    for (i, (lie, want)) in lies.into_iter().enumerate() {
        let found = kinds(|f| {
            lie(&mut f.blocks[1].0);
            f.settle();
        });
        assert_eq!(found, want, "lie {i}");
    }
    // More lanes than it was coded with: whole, but other bytes.
    let lanes = kinds(|f| f.blocks[1].0.lanes = 93);
    assert!(lanes.iter().all(|kind| blames_the_file(*kind)), "{lanes:?}");
    // A stated payload that is longer than the file.
    let [streamed, _] = kinds(|f| f.blocks[2].0.payload_bytes = 57);
    assert!(blames_the_file(streamed));
}

#[test]
fn lies_of_a_tail() {
    let tail = |bytes: u16, stored: u16| {
        kinds(|f| {
            let (header, payload) = &mut f.blocks[2];
            (header.tail_bytes, header.tail_payload_bytes) = (bytes, stored);
            header.payload_crc = crc32fast::hash(payload);
        })
    };
    assert_eq!(tail(0, 0), [Corrupt; 2]);
    assert_eq!(tail(4, 4), [Corrupt; 2]);
    assert_eq!(tail(3, 2), [Corrupt; 2]); // two bytes are not a zstd frame
    assert_eq!(tail(14, 14), [Corrupt; 2]);
}

/// A member of one zstd block with this payload.
fn zstd_member(payload: Vec<u8>, original: &[u8]) -> Vec<u8> {
    let mut f = Forgery::of_truth();
    f.header = MemberHeader {
        predictor: None,
        block_bytes: 4096,
        schema_bytes: 0,
        model_bytes: 0,
        labelled: false,
        packed_schema: false,
    };
    f.schema.clear();
    let header = BlockHeader {
        method: Method::Zstd,
        lanes: 0,
        original_bytes: original.len() as u32,
        payload_bytes: payload.len() as u32,
        tail_bytes: 0,
        tail_payload_bytes: 0,
        original_crc: crc32fast::hash(original),
        payload_crc: crc32fast::hash(&payload),
    };
    f.footer.original_digest = *blake3::hash(original).as_bytes();
    f.blocks = vec![(header, payload)];
    f.settle();
    f.bytes()
}

#[test]
fn zstd_payloads_are_one_frame_of_the_right_length() {
    let original = vec![7; 1000];
    let frame = zstd::bulk::compress(&original, 3).unwrap();
    for decoded in both(&zstd_member(frame.clone(), &original)) {
        assert_eq!(decoded.unwrap(), original);
    }
    let skippable = [&[0x50, 0x2A, 0x4D, 0x18, 1, 0, 0, 0, 9][..], &frame].concat();
    let empty = zstd::bulk::compress(&[], 3).unwrap();
    let bad = [
        (zstd::bulk::compress(&[7; 999], 3).unwrap(), "short"),
        (zstd::bulk::compress(&[7; 1001], 3).unwrap(), "long"),
        (zstd::bulk::compress(&vec![7; 1 << 30], 1).unwrap(), "a bomb"),
        ([&frame[..], &empty].concat(), "two frames"),
        (skippable, "a skippable frame"),
        (frame[..frame.len() - 1].to_vec(), "cut"),
        ([&frame[..], &[0]].concat(), "longer"),
        (vec![0; 20], "no frame"),
    ];
    for (payload, what) in bad {
        if payload.len() >= original.len() {
            continue; // refused by the header already
        }
        for decoded in both(&zstd_member(payload, &original)) {
            assert_eq!(decoded.unwrap_err().kind, Corrupt, "{what}");
        }
    }
    let other = zstd_member(zstd::bulk::compress(&[8; 1000], 3).unwrap(), &original);
    for decoded in both(&other) {
        assert_eq!(decoded.unwrap_err().kind, ChecksumMismatch);
    }
}

#[test]
fn lies_of_the_index_and_the_footer() {
    assert_eq!(kinds(|f| f.index.n_blocks = 2), [Corrupt; 2]);
    assert_eq!(kinds(|f| f.index.n_blocks = u64::MAX), [Corrupt; 2]);
    assert_eq!(kinds(|f| f.footer.index_crc ^= 1), [ChecksumMismatch; 2]);
    assert_eq!(kinds(|f| f.footer.n_blocks = 2), [Corrupt; 2]);
    assert_eq!(kinds(|f| f.footer.n_blocks = u64::MAX / 8), [Corrupt; 2]);
    assert_eq!(kinds(|f| f.footer.original_bytes += 1), [Corrupt; 2]);
    assert_eq!(kinds(|f| f.footer.member_bytes -= 1), [Corrupt; 2]);
    assert_eq!(kinds(|f| f.footer.index_offset += 1), [Corrupt; 2]);
    let shifted = |by: u64| {
        kinds(|f| {
            f.footer.index_offset = f.footer.index_offset.wrapping_add(by);
            f.footer.member_bytes = f.footer.member_bytes.wrapping_add(by);
        })
    };
    assert_eq!(shifted(1), [Corrupt; 2]);
    assert_eq!(shifted(1u64.wrapping_neg()), [Corrupt; 2]);
    assert_eq!(shifted(1 << 62), [Corrupt; 2]);
    // Only a reader that reads everything can detect this.
    let mut f = Forgery::of_truth();
    f.footer.original_digest[0] ^= 1;
    let [streamed, indexed] = both(&f.bytes());
    assert_eq!(streamed.unwrap_err().kind, ChecksumMismatch);
    assert_eq!(indexed.unwrap().len(), 2104);

    type Lie = fn(&mut Vec<IndexEntry>);
    let lies: [Lie; 9] = [
        |e| e[0].stored_bytes += 1,
        |e| (e[0].stored_bytes, e[1].stored_bytes) = (e[0].stored_bytes + 1, e[1].stored_bytes - 1),
        |e| e[0].stored_bytes = 0,
        |e| e[2].stored_bytes = u32::MAX,
        |e| e[0].original_bytes = 0,
        |e| e[0].original_bytes = u32::MAX,
        |e| e[2].original_bytes = 100,
        |e| e.truncate(2),
        |e| e.push(e[2]),
    ];
    for (i, lie) in lies.into_iter().enumerate() {
        let found = kinds(|f| {
            lie(&mut f.entries);
            f.settle_footer();
        });
        assert_eq!(found, [Corrupt; 2], "lie {i}");
    }
    // A short block that is not the last.
    let short = kinds(|f| {
        f.blocks.swap(1, 2);
        f.settle();
    });
    assert_eq!(short, [Corrupt; 2]);
    // Blocks in another order: each block is sound, but the member is not.
    let mut f = Forgery::of_truth();
    f.blocks.swap(0, 1);
    f.settle();
    let [streamed, _] = both(&f.bytes());
    assert_eq!(streamed.unwrap_err().kind, ChecksumMismatch);
    // A last member that claims the bytes of the one before.
    let first = Forgery::of_truth();
    let mut last = first.clone();
    last.footer.member_bytes += first.footer.member_bytes;
    last.footer.index_offset += first.footer.member_bytes;
    for decoded in both(&[first.bytes(), last.bytes()].concat()) {
        assert_eq!(decoded.unwrap_err().kind, Corrupt);
    }
}

#[test]
fn limits_are_kept() {
    let (file, _) = encode(&records(1000, 1), small_blocks(Coder::adaptive(schema())));
    let limits = |limits| ReaderOptions { limits, ..ReaderOptions::default() };
    let cases = [
        Limits { max_block_bytes: 1022, ..Limits::default() },
        Limits { max_schema_bytes: 10, ..Limits::default() },
    ];
    for case in cases {
        assert_eq!(decode_with(&file, limits(case)).unwrap_err().kind, LimitExceeded);
        assert_eq!(decode_indexed(&file, limits(case)).unwrap_err().kind, LimitExceeded);
    }
    // 11 blocks of the index; four fields with short names.
    for max_index_bytes in [87, 88, 88 + 4 * 20] {
        let case = Limits { max_index_bytes, ..Limits::default() };
        assert_eq!(decode_indexed(&file, limits(case)).unwrap_err().kind, LimitExceeded);
    }
    let case = Limits { max_index_bytes: 88 + 4 * 160, ..Limits::default() };
    assert_eq!(decode_indexed(&file, limits(case)).unwrap().len(), 11_000);
}
