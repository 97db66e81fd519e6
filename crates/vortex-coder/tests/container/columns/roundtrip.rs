//! Everything comes back.

use proptest::prelude::*;
use vortex_coder::columns::{ColumnsModel, Level};
use vortex_coder::container::{Coder, IndexedReader, Method, ReaderOptions, WriterOptions};
use vortex_coder::{BlockRecords, DType, Field, Identity, Model, Schema};

use super::blocks::{decode, encode, levels, round_trip};
use super::made::{every_coding, lawful, lawful_records, related, related_records, stepping};
use crate::support::{self, Random, decode as decode_file, decode_indexed, encode as encode_file};

#[test]
fn every_type_and_coding_in_blocks_of_every_length() {
    let schema = every_coding();
    let bytes = stepping(schema.stride(), 400);
    for level in levels() {
        for n in [0, 1, 2, 3, 16, 17, 255, 256, 257, 400] {
            round_trip(&schema, level, &bytes[..n * schema.stride()]);
        }
    }
}

#[test]
fn laws_references_and_contexts() {
    for level in levels() {
        round_trip(&lawful(), level, &lawful_records(3000));
        round_trip(&related(), level, &related_records(20_000));
    }
}

#[test]
fn noise_takes_little_more_than_itself() {
    let schema = related();
    for n in [1, 100, 5000] {
        let noise = Random(51).bytes(n * schema.stride());
        for level in levels() {
            let len = round_trip(&schema, level, &noise);
            assert!(len <= noise.len() + noise.len() / 100 + 400, "{len} of {}", noise.len());
        }
    }
}

#[test]
fn tables_of_ten_thousand_fields() {
    let fields = (0..10_000).map(|i| Field::new(format!("x{i}"), DType::F32, 4 * i)).collect();
    let schema = Schema::new(40_000, fields).unwrap();
    let bytes = stepping(40_000, 12);
    for level in levels() {
        round_trip(&schema, level, &bytes[..40_000]);
        round_trip(&schema, level, &bytes);
    }
    let schema = Schema::new(65_535, vec![]).unwrap();
    round_trip(&schema, Level::LOWEST, &Random(53).bytes(2 * 65_535));
}

#[test]
fn files_do_not_depend_on_threads_and_are_read_at_random() {
    let mut bytes = related_records(3000);
    bytes.extend([1, 2, 3]);
    let options = |threads, level| WriterOptions {
        block_bytes: 10_000,
        threads,
        verify: true,
        zstd_level: None,
        ..WriterOptions::new(Coder::columns(related(), level))
    };
    for level in levels() {
        let (file, summary) = encode_file(&bytes, options(1, level));
        assert!(summary.modelled_blocks > 7 && summary.zstd_blocks == 0);
        assert!(file == encode_file(&bytes, options(3, level)).0);
        assert!(decode_file(&file).unwrap() == bytes);
        assert!(decode_indexed(&file, ReaderOptions::default()).unwrap() == bytes);
        let reader = IndexedReader::open(std::io::Cursor::new(&file), ReaderOptions::default());
        let mut reader = reader.unwrap();
        let info = reader.members().next().unwrap().clone();
        assert_eq!(info.predictor, Some(Identity::Columns));
        assert_eq!(info.schema.as_deref(), Some(&related()));
        assert!(reader.read_range(26_000, 52).unwrap() == bytes[26_000..26_052]);
        assert!(
            reader.blocks(0).unwrap().iter().all(|block| block.header.method == Method::Modelled)
        );
    }
}

#[test]
fn blocks_do_not_depend_on_their_group() {
    let bytes = related_records(2000);
    let (a, b) = bytes.split_at(26 * 700);
    let model = ColumnsModel::new(related(), Level::HIGHEST);
    let group = [a, b].map(|bytes| BlockRecords { bytes, lanes: 1 });
    let together = model.coder().encode(&group).unwrap();
    let alone = [a, b].map(|bytes| encode(&related(), Level::HIGHEST, bytes));
    assert!(together == alone);
    for (costs, payload) in model.coder().measure(&group).unwrap().iter().zip(&alone) {
        let bytes = costs.iter().sum::<u64>() / (8 << 16);
        assert!(bytes.abs_diff(payload.len() as u64) < 8, "{bytes} of {}", payload.len());
    }
}

#[test]
fn arguments_that_cannot_be() {
    let model = ColumnsModel::new(related(), Level::LOWEST);
    let bytes = related_records(3);
    for (bytes, lanes) in [(&bytes[..], 2), (&bytes[..27], 1)] {
        let error = model.coder().encode(&[BlockRecords { bytes, lanes }]).unwrap_err();
        assert_eq!(error.kind, vortex_coder::ErrorKind::InvalidArgument);
    }
}

fn any_field() -> impl Strategy<Value = (DType, bool)> {
    (prop::sample::select(DType::ALL.to_vec()), any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_records_of_any_schema(
        fields in prop::collection::vec(any_field(), 1..8),
        n in 0usize..80,
        alphabet in 1u8..=255,
        noise in prop::collection::vec(any::<u8>(), 64 * 80),
        level in 1u8..=3,
    ) {
        let (mut described, mut offset) = (Vec::new(), 0);
        for (dtype, big_endian) in fields {
            described.push(Field { big_endian, ..Field::new(format!("f{offset}"), dtype, offset) });
            offset += dtype.size() as u32;
        }
        let stride = offset as usize;
        let schema = Schema::new(stride, described).unwrap();
        let bytes: Vec<u8> = noise[..n * stride].iter().map(|byte| byte % alphabet).collect();
        let payload = encode(&schema, Level::new(level).unwrap(), &bytes);
        prop_assert_eq!(decode(&schema, &payload, bytes.len()).unwrap(), bytes);
    }
}

#[test]
fn the_support_of_other_tests_is_used_here_too() {
    let bytes = support::records(500, 3);
    for level in levels() {
        round_trip(&support::schema(), level, &bytes);
    }
}
