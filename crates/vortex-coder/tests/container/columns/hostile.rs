//! Damage, lies and garbage: an error or other bytes, never a panic, a hang or much memory.

use proptest::prelude::*;
use vortex_coder::columns::Level;
use vortex_coder::{DType, ErrorKind, Field, Schema};

use super::blocks::{decode, encode, levels};
use super::made::{every_coding, lawful, lawful_records, related, related_records, stepping};
use crate::support::Random;

/// Small blocks whose heads hold all that a head can hold.
fn blocks() -> Vec<(Schema, Vec<u8>)> {
    vec![
        (related(), related_records(1500)),
        (lawful(), lawful_records(120)),
        (every_coding(), stepping(every_coding().stride(), 60)),
    ]
}

fn check(schema: &Schema, payload: &[u8], len: usize) -> bool {
    match decode(schema, payload, len) {
        Ok(_) => true,
        Err(error) => {
            assert!(matches!(error.kind, ErrorKind::Corrupt | ErrorKind::Truncated), "{error}");
            false
        }
    }
}

#[test]
fn every_bit_may_be_flipped() {
    for (schema, bytes) in blocks() {
        for level in levels() {
            let payload = encode(&schema, level, &bytes);
            let mut refused = 0;
            for bit in 0..payload.len() * 8 {
                let mut damaged = payload.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                refused += usize::from(!check(&schema, &damaged, bytes.len()));
            }
            assert!(refused > 20, "{refused} of {} bits", payload.len() * 8);
        }
    }
}

#[test]
fn every_byte_may_be_the_largest_or_the_smallest() {
    for (schema, bytes) in blocks() {
        let payload = encode(&schema, Level::HIGHEST, &bytes);
        for at in 0..payload.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut damaged = payload.clone();
                damaged[at] = value;
                check(&schema, &damaged, bytes.len());
            }
        }
    }
}

#[test]
fn every_cut_and_every_byte_more_is_noticed() {
    for (schema, bytes) in blocks() {
        let payload = encode(&schema, Level::HIGHEST, &bytes);
        for cut in 0..payload.len() {
            assert!(!check(&schema, &payload[..cut], bytes.len()), "{cut} bytes");
        }
        assert!(!check(&schema, &[&payload[..], &[0]].concat(), bytes.len()));
        let stride = schema.stride();
        for records in [0, 1, bytes.len() / stride - 1, bytes.len() / stride + 1, 100_000] {
            assert!(!check(&schema, &payload, records * stride), "{records} records");
        }
    }
}

fn varint(mut n: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
    out
}

fn two_fields() -> Schema {
    let fields = vec![Field::new("a", DType::U16, 0), Field::new("b", DType::U16, 2)];
    Schema::new(4, fields).unwrap()
}

/// A block of two constant columns, the second with this head.
fn with_head(head: &[u8]) -> Vec<u8> {
    [&[4, 1, 0, 5][..], head].concat()
}

#[test]
fn lying_heads_are_refused() {
    let schema = two_fields();
    let good = [8, 0, 0x80, 0x80, 2];
    assert_eq!(decode(&schema, &with_head(&good), 8).unwrap(), [5, 0, 5, 0, 5, 0, 5, 0]);
    let huge = varint(u64::MAX);
    let lies: Vec<(Vec<u8>, &str)> = vec![
        (vec![5, 0], "code"),
        (vec![64, 0], "code"),
        (vec![16, 0], "code"),
        (vec![32, 0], "code"),
        (vec![4, 0], "code"),
        (vec![8, 1, 0], "as a distance from field 1"),
        (vec![8, 2, 0], "as a distance from field 2"),
        ([&[8][..], &huge, &[0]].concat(), "as a distance"),
        ([&[0][..], &varint(1 << 16)].concat(), "the number 65536"),
        ([&[1][..], &huge].concat(), "bytes of a column"),
        (vec![1, 9], "9 bytes of a column"),
        (vec![0x13, 2, 1, 0, 1, 1, 0], "told apart by field 1"),
        (vec![0x13, 4, 1, 0, 1, 1, 0], "told apart by field 2"),
        (vec![0x13, 0, 0, 1, 1, 0], "0 bounds"),
        (vec![0x13, 0, 64, 1, 1, 0], "64 bounds"),
        (vec![0x13, 0, 1, 5, 3, 0, 0], "3 numbers in a bucket"),
        (vec![0x13, 0, 1, 5, 1, 0, 0], "in no bucket"),
        (vec![0x21, 0, 0], "0 values"),
        (vec![0x21, 3, 0], "3 values"),
        ([&[0x21, 2, 0][..], &huge].concat(), "beyond 65535"),
        (vec![0, 0x80], "inside a number"),
        (vec![0; 5], "behind the last column"),
        (vec![3, 1, 4], "dictionary"),
        (vec![3, 0], "pcodec"),
        (vec![1, 1, 7], "not a zstd frame"),
        ([&[0][..], &[0xff; 11]].concat(), "more than 64 bits"),
    ];
    for (head, word) in lies {
        let error = decode(&schema, &with_head(&head), 8).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Corrupt, "{head:?}: {error}");
        assert!(error.to_string().contains(word), "{head:?}: {error}");
    }
    let circle = [4, 1, 8, 1, 0, 8, 0, 0];
    let error = decode(&schema, &circle, 8).unwrap_err();
    assert!(error.to_string().contains("circle"), "{error}");
    for version in [[3, 1], [5, 0], [0, 0]] {
        let block = [&version[..], &[0, 5, 0, 5]].concat();
        assert!(decode(&schema, &block, 8).unwrap_err().to_string().contains("pcodec's format"));
    }
}

#[test]
fn a_chunk_that_asks_for_much_memory_is_refused() {
    let schema = Schema::new(4, vec![Field::new("a", DType::U32, 0)]).unwrap();
    // Mode 0, delta encoding 2, windows of all sizes, and whatever may follow.
    for window in 0..32u8 {
        for state in 0..16u8 {
            let head = [0x20, window | (state & 7) << 5, state >> 3];
            let stream = [&head[..], &Random(u64::from(window) + 1).bytes(40)].concat();
            let block = [&[4, 1, 3, stream.len() as u8][..], &stream].concat();
            check(&schema, &block, 4000);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_payload(payload in prop::collection::vec(any::<u8>(), 0..200), n in 0usize..600) {
        for schema in [two_fields(), every_coding()] {
            let payload = [&[4, 1][..], &payload].concat();
            check(&schema, &payload, n % 40 * schema.stride());
        }
    }

    #[test]
    fn any_stream_behind_sound_heads(stream in prop::collection::vec(any::<u8>(), 1..120), wide in any::<bool>(), n in 1usize..2000) {
        let dtype = if wide { DType::F64 } else { DType::F32 };
        let schema = Schema::new(dtype.size(), vec![Field::new("a", dtype, 0)]).unwrap();
        for method in [1, 2, 3, 4] {
            let block = [&[4, 1, method, stream.len() as u8][..], &stream].concat();
            check(&schema, &block, n * dtype.size());
        }
    }

    #[test]
    fn damage_anywhere(at in any::<prop::sample::Index>(), value in any::<u8>(), second in any::<prop::sample::Index>(), other in any::<u8>()) {
        use std::sync::LazyLock;
        static BLOCK: LazyLock<(Schema, Vec<u8>, usize)> = LazyLock::new(|| {
            let bytes = related_records(1500);
            (related(), encode(&related(), Level::HIGHEST, &bytes), bytes.len())
        });
        let (schema, payload, len) = &*BLOCK;
        let mut damaged = payload.clone();
        let n = damaged.len();
        damaged[at.index(n)] = value;
        damaged[second.index(n)] = other;
        check(schema, &damaged, *len);
    }
}
