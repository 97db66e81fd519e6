//! Files whose checksums are right and whose statements are not: an error of the right kind at every
//! one.

use super::forgery::Forgery;
use crate::support::*;
use vortex_coder::ErrorKind::{self, *};
use vortex_coder::container::constants::*;
use vortex_coder::container::*;
use vortex_coder::{Identity, Schema};

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
    let (file, _) = encode(&records(1000, 1), ordinary(Coder::adaptive(schema())));
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
