//! Records of one number: images and grids are read as arrays, others as records.

use std::io::Cursor;
use std::sync::Arc;

use vortex_coder::container::{Coder, IndexedReader, ReaderOptions};
use vortex_coder::mixing::{Level, MixingModel};
use vortex_coder::schema::{DecimalGrid, FieldCoding, Order, Predicted};
use vortex_coder::{BlockRecords, DType, Field, Identity, Model, Schema};

use super::blocks::{check_measure, levels, round_trip};
use super::plans;
use crate::support::{self, Random, small_blocks};

fn one(field: Field) -> Schema {
    Schema::new(field.dtype.size(), vec![field]).unwrap()
}

/// Pixels of 16 bits whose rows resemble each other, with some noise.
fn image() -> (Schema, Vec<u8>) {
    let mut random = Random(71);
    let mut row = [0u16; 200];
    let mut bytes = Vec::new();
    for _ in 0..150 {
        let mut slope = 0u16;
        for (x, pixel) in (0u16..).zip(&mut row) {
            slope = slope.wrapping_add((random.next() >> 62) as u16);
            *pixel = pixel.wrapping_add((random.next() >> 61) as u16) ^ (x * x % 3);
            bytes.extend((pixel.wrapping_add(x * 97).wrapping_add(slope)).to_le_bytes());
        }
    }
    (one(Field::new("pixel", DType::U16, 0)), bytes)
}

/// Numbers with two digits after the point and no order, which the schema states.
fn printed() -> (Schema, Vec<u8>) {
    let mut random = Random(72);
    let mut field = Field::new("price", DType::F32, 0);
    let order = Order::Ordered(Predicted::Nothing);
    field.coding = FieldCoding::Number { grid: DecimalGrid::new(5, 2), order };
    let value = |_| (random.next() >> 51) as f32 / 100.0;
    let bytes = (0..20_000).map(value).flat_map(f32::to_le_bytes).collect();
    (one(field), bytes)
}

#[test]
fn the_reading_that_is_smaller_is_chosen() {
    for level in levels() {
        let size = |(schema, bytes): &(Schema, Vec<u8>)| {
            let payload = round_trip(schema, level, bytes);
            check_measure(schema, level, bytes, &payload);
            let old = MixingModel::new(schema.clone(), level);
            let old = old.coder().encode(&[BlockRecords { bytes, lanes: 1 }]).unwrap();
            (payload.len(), old[0].len(), payload[0])
        };
        let (ours, as_records, kind) = size(&image());
        assert_eq!(kind, plans::REGIONS);
        assert!(ours * 20 < as_records * 19, "{level:?}: {ours} and {as_records} bytes");
        let (ours, as_records, kind) = size(&printed());
        assert_eq!((ours, kind), (as_records, plans::RECORDS));
    }
}

#[test]
fn files_name_the_predictor_and_those_of_the_old_one_are_read() {
    let (schema, bytes) = image();
    let old = Coder::Model(Arc::new(MixingModel::new(schema.clone(), Level::DEFAULT)));
    let new = Coder::mixing(schema.clone(), Level::DEFAULT);
    for (coder, identity) in [(old, Identity::Mixing), (new, Identity::MixingArray)] {
        let (file, _) = support::encode(&bytes, small_blocks(coder));
        assert!(support::decode(&file).unwrap() == bytes);
        let mut reader = IndexedReader::open(Cursor::new(&file), ReaderOptions::default()).unwrap();
        let member = reader.members().next().unwrap().clone();
        assert_eq!(member.predictor, Some(identity));
        assert_eq!(member.schema.as_deref(), Some(&schema));
        assert_eq!(reader.read_range(7001, 5000).unwrap(), bytes[7001..12_001]);
    }
    let table = Coder::mixing(support::schema(), Level::DEFAULT);
    let Coder::Model(model) = table else { panic!("no model") };
    assert_eq!(model.identity(), Identity::Mixing);
}
