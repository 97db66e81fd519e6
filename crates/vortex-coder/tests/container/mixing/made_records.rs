//! Generated records of many schemas with known entropy.

use vortex_coder::schema::{DecimalGrid, Law, LawForm, Order, Predicted, Term};
use vortex_coder::{DType, Field, FieldCoding, Schema};

use super::made_bytes::Made;
use crate::support::{self, Random};

pub fn records() -> Vec<Made> {
    vec![
        events(1000),
        every_type(300),
        lawful(600),
        sequential(700),
        one_field(1200),
        noise_beside_sense(1600),
        far_partners(1600),
    ]
}

/// A counter, 12 random bits, one of five labels and a sign.
fn events(n: usize) -> Made {
    let bits = n as f64 * (12.0 + 5f64.log2() + 1.0);
    let bytes = support::records(n, 81);
    Made { name: "events", schema: support::schema(), bytes, bits, more: 0.29 }
}

/// Every type in both byte orders and every order of symbols. Of each value the four lowest bits change, once
/// in four times.
fn every_type(n: usize) -> Made {
    let codings = [FieldCoding::MSB_FIRST, FieldCoding::ORDERED, FieldCoding::Raw];
    let (mut fields, mut offset) = (Vec::new(), 0);
    for big_endian in [false, true] {
        for (i, dtype) in DType::ALL.into_iter().enumerate() {
            let coding = codings[(i + usize::from(big_endian)) % 3].clone();
            let name = format!("f{offset}");
            fields.push(Field { coding, big_endian, ..Field::new(name, dtype, offset) });
            offset += dtype.size() as u32;
        }
    }
    let stride = offset as usize;
    let mut random = Random(82);
    let mut record = random.bytes(stride);
    let mut bytes = record.clone();
    for _ in 1..n {
        for field in &fields {
            let lowest = if field.big_endian { field.dtype.size() - 1 } else { 0 };
            let draw = random.next();
            if draw >> 62 == 0 {
                let value = &mut record[field.offset as usize + lowest];
                *value = *value & 0xf0 | draw as u8 & 15;
            }
        }
        bytes.extend(&record);
    }
    // Once in 64 times it changes to itself.
    let (stays, each) = (49.0 / 64.0, 1.0 / 64.0f64);
    let a_field = -(stays * f64::log2(stays) + 15.0 * each * each.log2());
    let bits = n as f64 * fields.len() as f64 * a_field + stride as f64 * 8.0;
    Made {
        name: "every type",
        schema: Schema::new(stride, fields).unwrap(),
        bytes,
        bits,
        more: 0.32,
    }
}

fn printed(digits: u8, places: u8) -> FieldCoding {
    FieldCoding::Number { grid: DecimalGrid::new(digits, places), order: Order::MsbFirst }
}

/// A printed vector of 16 bits each and its length, which a law gives; some records break the law
/// and the grid.
fn lawful(n: usize) -> Made {
    let float =
        |name, offset| Field { coding: printed(6, 3), ..Field::new(name, DType::F32, offset) };
    let mut fields = vec![float("e", 0), float("px", 4), float("py", 8)];
    fields[1].big_endian = true;
    let terms = [1, 2].map(|field| Term { field, minus: false }).to_vec();
    let law = Law { form: LawForm::RootOfSquares, constant: 0.01f64.to_bits(), terms };
    let schema = Schema::new(12, fields).unwrap();
    let schema = schema.with_predictions([(0, Predicted::Law(law))]).unwrap();
    let mut random = Random(83);
    let mut bytes = Vec::new();
    for i in 0..n {
        let mut draw = || (random.next() >> 48) as f64 / 1000.0;
        let (px, py) = (draw() as f32, draw() as f32);
        let (x, y) = (f64::from(px), f64::from(py));
        let e: f32 = format!("{:.3}", (0.01 + x * x + y * y).sqrt()).parse().unwrap();
        bytes.extend(if i % 64 == 5 { f32::NAN } else { e }.to_le_bytes());
        bytes.extend(if i % 64 == 9 { f32::INFINITY } else { px }.to_be_bytes());
        bytes.extend(py.to_le_bytes());
    }
    Made { name: "a law", schema, bytes, bits: n as f64 * 32.0, more: 0.08 }
}

/// Fields that are close to those of the previous record: a counter, a printed path and a time.
fn sequential(n: usize) -> Made {
    let mut fields = vec![
        Field::new("counter", DType::U16, 0),
        Field { coding: printed(6, 3), ..Field::new("x", DType::F32, 2) },
        Field::new("time", DType::I64, 6),
    ];
    fields[0].big_endian = true;
    let near = (0..3).map(|index| (index, Predicted::RecordBefore));
    let schema = Schema::new(14, fields).unwrap().with_predictions(near).unwrap();
    let mut random = Random(84);
    let (mut x, mut time) = (500_000u64, -5i64);
    let mut bytes = Vec::new();
    for i in 0..n {
        x = x + (random.next() >> 58) - 32;
        time += (random.next() >> 55) as i64;
        bytes.extend(65_000u16.wrapping_add(i as u16).to_be_bytes());
        bytes.extend((x as f64 / 1000.0).to_string().parse::<f32>().unwrap().to_le_bytes());
        bytes.extend(time.to_le_bytes());
    }
    Made { name: "records near each other", schema, bytes, bits: n as f64 * 15.0, more: 0.08 }
}

/// A table of one field.
pub fn one_field(n: usize) -> Made {
    let mut random = Random(85);
    let values = (0..n).map(|_| ((random.next() >> 52) as f64 / 8.0).to_le_bytes());
    let bytes = values.collect::<Vec<_>>().concat();
    let fields = vec![Field::new("x", DType::F64, 0)];
    let schema = Schema::new(8, fields).unwrap();
    Made { name: "one field", schema, bytes, bits: n as f64 * 12.0, more: 0.18 }
}

/// A table of 10,000 fields; each field repeats the previous record with probability 1/2.
pub fn wide(n: usize) -> Made {
    let mut random = Random(86);
    let mut record = random.bytes(10_000);
    let mut bytes = record.clone();
    for _ in 1..n {
        for value in &mut record {
            let draw = random.next();
            *value = if draw >> 63 == 0 { *value } else { draw as u8 };
        }
        bytes.extend(&record);
    }
    let bits = 80_000.0 * (1.0 + (n - 1) as f64 * 0.5) + 10_000.0 * (n - 1) as f64;
    Made {
        name: "10,000 fields",
        schema: Schema::new(10_000, vec![]).unwrap(),
        bytes,
        bits,
        more: 0.12,
    }
}

/// Roles of [`noise_beside_sense`] that are noise.
pub const NOISE_ROLES: std::ops::Range<usize> = 1..7;

/// A label of 3 bits, six bytes of noise, and a counter.
pub fn noise_beside_sense(n: usize) -> Made {
    let fields = vec![
        Field::new("label", DType::U8, 0),
        Field::new("noise", DType::U32, 1),
        Field::new("more", DType::U16, 5),
        Field::new("counter", DType::U32, 7),
    ];
    let mut random = Random(87);
    let mut bytes = Vec::new();
    for i in 0..n as u32 {
        bytes.push(random.next() as u8 & 7);
        bytes.extend(random.bytes(6));
        bytes.extend((77_000 + 3 * i).to_le_bytes());
    }
    let schema = Schema::new(11, fields).unwrap();
    Made { name: "noise beside sense", schema, bytes, bits: n as f64 * (3.0 + 48.0), more: 0.05 }
}

/// The index of the key field of [`far_partners`], and the roles of the field that depends on it.
pub const PARTNER: usize = 0;
pub const FOLLOWER: usize = 4;
pub const FOLLOWER_ROLES: std::ops::Range<usize> = 8..10;

/// A key of 4 bits, seven bytes of noise, and a value that the key determines: only a partner
/// reaches that far.
pub fn far_partners(n: usize) -> Made {
    let fields = vec![
        Field::new("key", DType::U8, 0),
        Field::new("noise", DType::U32, 1),
        Field::new("more", DType::U16, 5),
        Field::new("yet more", DType::U8, 7),
        Field::new("image", DType::U16, 8),
    ];
    let mut random = Random(88);
    let images: Vec<Vec<u8>> = (0..16).map(|_| random.bytes(2)).collect();
    let mut bytes = Vec::new();
    for _ in 0..n {
        let key = random.next() as u8 & 15;
        bytes.push(key);
        bytes.extend(random.bytes(7));
        bytes.extend(&images[usize::from(key)]);
    }
    let schema = Schema::new(10, fields).unwrap();
    Made { name: "far partners", schema, bytes, bits: n as f64 * (4.0 + 56.0), more: 0.03 }
}
