//! Odd blocks, any schema, groups of blocks, and files.

use std::io::Cursor;
use std::sync::Arc;

use proptest::prelude::*;
use vortex_coder::container::{Coder, IndexedReader, ReaderOptions, WriterOptions};
use vortex_coder::mixing::{Level, MixingModel};
use vortex_coder::schema::{DecimalGrid, Law, LawForm, Order, Predicted, Term};
use vortex_coder::{
    BlockPayload, BlockRecords, DType, ErrorKind, Field, FieldCoding, Identity, Model, Schema,
};

use super::blocks::{check_measure, encode, levels, round_trip};
use super::made_bytes::{extremes, lay, mixture, numbers, text};
use super::made_records::records;
use crate::support::{self, Random, small_blocks};

#[test]
fn any_number_of_records_and_bytes() {
    let made = [records(), text(), numbers(), extremes(), vec![mixture()]].into_iter().flatten();
    // Some number of records of each schema at some level, and one record at every level.
    for (i, made) in made.filter(|made| made.schema.stride() < 1000).enumerate() {
        let stride = made.schema.stride();
        for n in (i % 6..=100).step_by(6) {
            let level = Level::new(4 + (n / 6 + i) as u8 % 5).unwrap();
            round_trip(&made.schema, level, &made.bytes[..n * stride]);
        }
        for level in levels() {
            round_trip(&made.schema, level, &[]);
            round_trip(&made.schema, level, &made.bytes[..stride]);
        }
    }
}

/// Numbers at both ends of their types, with the largest possible jumps.
fn jumps(width: usize) -> Vec<Vec<u8>> {
    let mask = u64::MAX >> (64 - 8 * width);
    let middle = mask / 2 + 1;
    let infinity =
        if width == 8 { f64::INFINITY.to_bits() } else { f32::INFINITY.to_bits().into() };
    let ends =
        [0, mask, middle, middle - 1, 1, mask - 1, infinity, infinity | middle, infinity + 1];
    let jumps = (0..1500).map(|i| ends[i % ends.len()]);
    let mut random = Random(91);
    let any = (0..1500).map(|_| ends[random.next() as usize % ends.len()]);
    let runs = (0..3000).map(|i| if i % 300 < 299 { mask } else { 0 });
    let turns = (0..3000).map(|i| ends[i / 500 % 4] ^ ends[i % 2]);
    let lines = (0..2000u64).map(|i| i.wrapping_mul(mask / 3 * 2));
    let all: [Box<dyn Iterator<Item = u64>>; 5] = [
        Box::new(jumps),
        Box::new(any.collect::<Vec<_>>().into_iter()),
        Box::new(runs),
        Box::new(turns),
        Box::new(lines),
    ];
    all.into_iter().map(|numbers| lay(width, false, numbers)).collect()
}

#[test]
fn numbers_at_the_ends_of_their_types() {
    for (width, dtypes) in [
        (1, vec![DType::U8, DType::I8]),
        (2, vec![DType::U16, DType::I16, DType::F16]),
        (4, vec![DType::I32, DType::F32]),
        (8, vec![DType::U64, DType::I64, DType::F64]),
    ] {
        for (i, bytes) in jumps(width).iter().enumerate() {
            let level = Level::new(4 + i as u8).unwrap();
            round_trip(&Schema::bytes(), level, bytes);
            // Placed between other numbers, so that columns jump too.
            let fields = dtypes.iter().zip(0u32..).map(|(&dtype, i)| Field {
                coding: FieldCoding::ORDERED.predicted_from(Predicted::RecordBefore),
                big_endian: i == 1,
                ..Field::new(format!("f{i}"), dtype, i * width as u32)
            });
            let schema = Schema::new(dtypes.len() * width, fields.collect()).unwrap();
            let whole = bytes.len() / schema.stride() * schema.stride();
            round_trip(&schema, level, &bytes[..whole]);
        }
    }
}

#[test]
fn what_was_always_right_may_be_wrong_and_wrong_again() {
    let mut bytes = Vec::new();
    for turn in 0..40u8 {
        let (usual, other) = if turn % 2 == 0 { (0, 0xff) } else { (0xff, 0) };
        bytes.extend(vec![usual; 500]);
        bytes.extend(vec![other; usize::from(turn)]);
        bytes.extend(Random(u64::from(turn) + 1).bytes(20));
    }
    for level in levels() {
        round_trip(&Schema::bytes(), level, &bytes);
        let schema = Schema::new(4, vec![Field::new("x", DType::F32, 0)]).unwrap();
        round_trip(&schema, level, &bytes[..bytes.len() / 4 * 4]);
    }
}

#[test]
fn a_group_is_coded_as_its_blocks_alone() {
    let bytes = support::records(700, 92);
    let schema = support::schema();
    let blocks = [&bytes[..5500], &[], &bytes[5500..], &bytes[..11]];
    let alone: Vec<Vec<u8>> =
        blocks.iter().map(|bytes| encode(&schema, Level::DEFAULT, bytes)).collect();
    let model = MixingModel::new(schema, Level::DEFAULT);
    let mut coder = model.coder();
    let group = blocks.map(|bytes| BlockRecords { bytes, lanes: 1 });
    let mut payloads = coder.encode(&group).unwrap();
    assert_eq!(payloads, alone);
    payloads[2].truncate(100);
    let mut out = blocks.map(|bytes| vec![1; bytes.len()]);
    let mut coded: Vec<BlockPayload<'_>> = out
        .iter_mut()
        .zip(&payloads)
        .map(|(out, payload)| BlockPayload { payload, lanes: 1, out })
        .collect();
    let results = coder.decode(&mut coded);
    for (i, result) in results.into_iter().enumerate() {
        match i {
            2 => assert_eq!(result.unwrap_err().kind, ErrorKind::Truncated),
            _ => {
                result.unwrap();
                assert!(out[i] == blocks[i], "block {i}");
            }
        }
    }
}

#[test]
fn files_come_back_and_do_not_depend_on_threads() {
    let mut data = support::records(1000, 93);
    data.extend(Random(94).bytes(2046));
    data.extend([7; 3000]);
    data.extend([1, 2, 3]);
    for level in [Level::LOWEST, Level::HIGHEST] {
        for schema in [support::schema(), Schema::bytes()] {
            let model = Arc::new(MixingModel::new(schema, level));
            let options = WriterOptions {
                block_bytes: 8 << 10,
                verify: true,
                ..small_blocks(Coder::Model(model))
            };
            let (file, summary) = support::encode(&data, options.clone());
            assert!(summary.modelled_blocks > 1, "{summary:?}");
            let on_three = WriterOptions { threads: 3, verify: false, ..options };
            assert!(support::encode(&data, on_three).0 == file, "three threads");
            // The file names its predictor, so the reader needs no model.
            assert!(support::decode(&file).unwrap() == data);
            let mut reader =
                IndexedReader::open(Cursor::new(&file), ReaderOptions::default()).unwrap();
            assert_eq!(reader.members().next().unwrap().predictor, Some(Identity::Mixing));
            assert_eq!(reader.read_range(7000, 6000).unwrap(), data[7000..13_000]);
        }
    }
}

/// Consecutive fields of any type, order, grid, law and distance.
fn any_schema() -> impl Strategy<Value = Schema> {
    let dtype = prop::sample::select(DType::ALL.to_vec());
    let grid = prop::option::of((1u8..=7, 0u8..=30));
    let field = (dtype, any::<bool>(), 0u8..4, grid, prop::option::of((any::<bool>(), 1usize..4)));
    prop::collection::vec(field, 1..7).prop_map(|described| {
        let (mut fields, mut offset) = (Vec::new(), 0);
        for (dtype, big_endian, kind, grid, law) in described {
            let index = fields.len();
            let law = law.filter(|_| index > 0 && matches!(dtype, DType::F32 | DType::F64));
            let predicted = match law {
                Some((minus, n)) => {
                    let terms = (index.saturating_sub(n)..index)
                        .map(|field| Term { field: field as u16, minus })
                        .collect();
                    let form = if minus { LawForm::Sum } else { LawForm::RootOfSquares };
                    Predicted::Law(Law { form, constant: 2f64.to_bits(), terms })
                }
                None if kind == 3 => Predicted::RecordBefore,
                None => Predicted::Nothing,
            };
            let grid = grid.filter(|_| dtype == DType::F32);
            let grid = grid.and_then(|(digits, places)| DecimalGrid::new(digits, places));
            let coding = match kind {
                0 => FieldCoding::Raw,
                1 => FieldCoding::Number { grid, order: Order::MsbFirst },
                _ => FieldCoding::Number { grid, order: Order::Ordered(predicted) },
            };
            let name = format!("f{offset}");
            fields.push(Field { big_endian, coding, ..Field::new(name, dtype, offset) });
            offset += dtype.size() as u32;
        }
        Schema::new(offset as usize, fields).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn any_schema_and_any_bytes(
        schema in any_schema(),
        level in 4u8..=8,
        seed in 1u64..,
        n in 0usize..120,
        changes in 0usize..9,
    ) {
        let mut random = Random(seed);
        let stride = schema.stride();
        let mut record = random.bytes(stride);
        let mut bytes = Vec::new();
        for _ in 0..n {
            for _ in 0..changes {
                let draw = random.next();
                record[draw as usize % stride] = (draw >> 56) as u8;
            }
            bytes.extend(&record);
        }
        let level = Level::new(level).unwrap();
        let payload = round_trip(&schema, level, &bytes);
        check_measure(&schema, level, &bytes, &payload);
    }

    #[test]
    fn any_bytes_without_a_schema(
        level in 4u8..=8,
        parts in prop::collection::vec((0usize..6, any::<u64>(), 0usize..900), 0..5),
    ) {
        let mut bytes = Vec::new();
        for (kind, number, n) in parts {
            let mut random = Random(number | 1);
            match kind {
                0 => bytes.extend(random.bytes(n)),
                1 => bytes.extend(b"E 17 0.25,-3\n".iter().cycle().take(n)),
                2 => bytes.extend(vec![number as u8; n]),
                kind => {
                    let width = 1 << (kind - 2);
                    let walk = (0..n as u64 / 4).map(|i| number.wrapping_add(i * (random.next() >> 56)));
                    bytes.extend(lay(width, number & 1 == 1, walk));
                }
            }
        }
        let (schema, level) = (Schema::bytes(), Level::new(level).unwrap());
        let payload = round_trip(&schema, level, &bytes);
        check_measure(&schema, level, &bytes, &payload);
    }
}
