//! The records of the golden files. What is in those files never changes, so neither may what is here.

use vortex_coder::schema::{DecimalGrid, Law, LawForm, Order, Predicted, Term};
use vortex_coder::{DType, Field, FieldCoding, Schema};

use super::{Random, schema};

/// One field of every type, both byte orders, all orders; 57 bytes.
pub fn every_type() -> Schema {
    let codings = [FieldCoding::MSB_FIRST, FieldCoding::ORDERED, FieldCoding::Raw];
    let (mut fields, mut offset) = (Vec::new(), 0);
    for (i, dtype) in DType::ALL.into_iter().enumerate() {
        let mut field = Field::new(format!("f{i}"), dtype, offset);
        field.coding = codings[i % 3].clone();
        field.big_endian = i % 2 == 1;
        offset += dtype.size() as u32;
        fields.push(field);
    }
    for (name, dtype) in [("é", DType::F64), ("last", DType::I16)] {
        let mut field = Field::new(name, dtype, offset);
        field.coding = FieldCoding::ORDERED;
        field.big_endian = true;
        offset += dtype.size() as u32;
        fields.push(field);
    }
    Schema::new(offset as usize, fields).unwrap()
}

/// Records of [`every_type`]: small steps, so that there is something to learn.
pub fn typed_records(n: usize) -> Vec<u8> {
    let stride = every_type().stride();
    let mut random = Random(17);
    let mut record = random.bytes(stride);
    let mut out = Vec::new();
    for _ in 0..n {
        for _ in 0..4 {
            let draw = random.next();
            record[draw as usize % stride] = (draw >> 48) as u8;
        }
        out.extend(&record);
    }
    out
}

/// The fields of [`schema`] with names long enough to be packed.
pub fn long_names() -> Schema {
    let names = [
        "Electron_identifier",
        "Electron_transverse_momentum",
        "Electron_label",
        "Electron_charge",
    ];
    let mut fields = schema().fields().to_vec();
    fields.iter_mut().zip(names).for_each(|(field, name)| field.name = name.into());
    Schema::new(11, fields).unwrap()
}

/// Decimals with this number of digits and places.
fn printed(digits: u8, places: u8, order: Order) -> FieldCoding {
    FieldCoding::Number { grid: DecimalGrid::new(digits, places), order }
}

/// A momentum with its energy and shares that sum to one, as decimals; 24 bytes.
pub fn lawful() -> Schema {
    let float = |name, offset| Field {
        coding: printed(6, 4, Order::MsbFirst),
        ..Field::new(name, DType::F32, offset)
    };
    let mut fields = vec![float("e", 0), float("px", 4), float("py", 8), float("share", 12)];
    fields[1].big_endian = true;
    fields.push(Field::new("rest", DType::F64, 16));
    let term = |field, minus| Term { field, minus };
    let energy = Law {
        form: LawForm::RootOfSquares,
        constant: 0.01f64.to_bits(),
        terms: vec![term(1, false), term(2, false)],
    };
    let rest = Law { form: LawForm::Sum, constant: 1f64.to_bits(), terms: vec![term(3, true)] };
    let laws = [(0, Predicted::Law(energy)), (4, Predicted::Law(rest))];
    Schema::new(24, fields).unwrap().with_predictions(laws).unwrap()
}

/// Records of [`lawful`], some of which keep neither grid nor law.
pub fn lawful_records(n: u32) -> Vec<u8> {
    let mut random = Random(23);
    let mut out = Vec::new();
    for i in 0..n {
        // Only exact operations, so that these bytes are the same on every machine.
        let mut draw = || (random.next() >> 44) as f32 / 1024.0;
        let (px, py, share) =
            (draw() - 512.0, draw(), (draw() * 1024.0) as u32 as f32 / 1_048_576.0);
        let printed = |x: f32| format!("{x:.3}").parse::<f32>().unwrap();
        let (px, py) = (printed(px), printed(py));
        let e = (f64::from(px) * f64::from(px) + f64::from(py) * f64::from(py) + 0.01).sqrt();
        let e = if i % 16 == 5 { f32::NAN } else { printed(e as f32) };
        let px = if i % 16 == 9 { f32::INFINITY } else { px };
        out.extend(e.to_le_bytes());
        out.extend(px.to_be_bytes());
        out.extend(py.to_le_bytes());
        out.extend(share.to_le_bytes());
        out.extend((1.0 - f64::from(share)).to_le_bytes());
    }
    out
}

/// Fields that are close to those of the previous record: a counter, a printed path, a time, and a
/// law of one of them; 23 bytes.
pub fn sequential() -> Schema {
    let mut fields = vec![
        Field::new("counter", DType::U16, 0),
        Field { coding: printed(6, 3, Order::MsbFirst), ..Field::new("x", DType::F32, 2) },
        Field::new("time", DType::I64, 6),
        Field::new("step", DType::I8, 14),
        Field::new("reach", DType::F64, 15),
    ];
    fields[0].big_endian = true;
    let terms = vec![Term { field: 1, minus: true }];
    let law = Law { form: LawForm::Sum, constant: 100f64.to_bits(), terms };
    let near = (0..4).map(|index| (index, Predicted::RecordBefore));
    let predictions = near.chain([(4, Predicted::Law(law))]);
    Schema::new(23, fields).unwrap().with_predictions(predictions).unwrap()
}

/// Records of [`sequential`].
pub fn sequential_records(n: u16) -> Vec<u8> {
    let mut random = Random(29);
    let (mut x, mut time) = (31.25f32, -5i64);
    let mut out = Vec::new();
    for i in 0..n {
        // Only exact operations, so that these bytes are the same on every machine.
        x = format!("{:.3}", x + (random.next() >> 54) as f32 / 64.0 - 8.0).parse().unwrap();
        time += (random.next() >> 50) as i64;
        out.extend(65_500u16.wrapping_add(i).to_be_bytes());
        out.extend(if i % 16 == 5 { f32::NAN } else { x }.to_le_bytes());
        out.extend(time.to_le_bytes());
        out.push((random.next() >> 62) as u8 ^ 0xff);
        out.extend((100.0 - f64::from(x)).to_le_bytes());
    }
    out
}

/// A printed table, then float32 that repeat the row before, then 16-bit integers at odd places,
/// then bytes without meaning.
pub fn mixed_bytes() -> Vec<u8> {
    let mut random = Random(31);
    let mut draw = |n: u64| random.next() >> 33 & (n - 1);
    let mut out = Vec::new();
    for event in 0..120 {
        let (a, b) = (draw(1 << 16), draw(1 << 10));
        out.extend(format!("P {event} {} {}.{:03}e+01 {}\n", draw(4), a % 97, a % 1000, b).bytes());
    }
    let mut row = [0f32; 64];
    for _ in 0..40 {
        for value in &mut row {
            // Only exact operations, so that these bytes are the same on every machine.
            *value += draw(64) as f32 / 1024.0 - 0.03125;
            out.extend((300.0 + *value).to_le_bytes());
        }
    }
    out.push(7);
    let mut level = 1000u16;
    for _ in 0..2000 {
        level = level.wrapping_add(draw(32) as u16).wrapping_sub(16);
        out.extend(level.to_le_bytes());
    }
    out.extend(Random(37).bytes(700));
    out
}

/// Pixels of two bytes, the most significant first, whose rows resemble each other; then floats with one
/// digit after the point in no order.
pub fn arrays() -> [(Schema, Vec<u8>); 2] {
    let mut random = Random(73);
    let mut draw = |n: u64| random.next() >> 33 & (n - 1);
    let one = |field: Field| Schema::new(field.dtype.size(), vec![field]).unwrap();
    let pixel = Field { big_endian: true, ..Field::new("pixel", DType::U16, 0) };
    let mut row = [0u16; 96];
    let mut image = Vec::new();
    for _ in 0..48 {
        let mut slope = 0u16;
        for (x, pixel) in (0u16..).zip(&mut row) {
            slope = slope.wrapping_add(draw(4) as u16);
            *pixel = pixel.wrapping_add(draw(8) as u16) ^ (x * x % 3);
            image.extend(pixel.wrapping_add(x * 97).wrapping_add(slope).to_be_bytes());
        }
    }
    let mut price = Field::new("price", DType::F32, 0);
    let order = Order::Ordered(Predicted::Nothing);
    price.coding = FieldCoding::Number { grid: DecimalGrid::new(4, 1), order };
    let prices = (0..1500).flat_map(|_| (draw(8192) as f32 / 10.0).to_le_bytes()).collect();
    [(one(pixel), image), (one(price), prices)]
}

/// A kind, a value that depends on it, the same value again and a name; 20 bytes.
pub fn grouped() -> Schema {
    let fields = vec![
        Field::new("kind", DType::I16, 0),
        Field::new("value", DType::F32, 2),
        Field::new("again", DType::F32, 6),
        Field::new("name", DType::U64, 10),
        Field::new("step", DType::I16, 18),
    ];
    Schema::new(20, fields).unwrap()
}

/// Records of [`grouped`]; a step is near the one before it or far away.
pub fn grouped_records(n: u32) -> Vec<u8> {
    let mut random = Random(41);
    let mut out = Vec::new();
    let mut step = 0i16;
    for _ in 0..n {
        let kind = (random.next() >> 62) as i16 * 100 - 300;
        // Only exact operations, so that these bytes are the same on every machine.
        let value = f32::from(kind) * 8.0 + (random.next() >> 56) as f32 / 256.0;
        let name = [0x1234_5678_9abc_def0u64, 7, u64::MAX][(random.next() >> 32) as usize % 3];
        step = if step > 1000 { 7 } else { step + (random.next() >> 56) as i16 };
        out.extend(kind.to_le_bytes());
        out.extend([value, value].map(f32::to_le_bytes).concat());
        out.extend(name.to_le_bytes());
        out.extend(step.to_le_bytes());
    }
    out
}
