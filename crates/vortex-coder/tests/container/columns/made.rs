//! Records whose content is known.

use vortex_coder::schema::{DecimalGrid, Law, LawForm, Order, Predicted, Term};
use vortex_coder::{DType, Field, FieldCoding, Schema};

use crate::support::Random;

/// One field of every type in each coding that it can have and both byte orders.
pub fn every_coding() -> Schema {
    let (mut fields, mut offset) = (Vec::<Field>::new(), 0);
    let near = FieldCoding::Number { grid: None, order: Order::Ordered(Predicted::RecordBefore) };
    let codings = [FieldCoding::Raw, FieldCoding::MSB_FIRST, FieldCoding::ORDERED, near];
    for dtype in DType::ALL {
        for (i, coding) in codings.iter().enumerate() {
            let field = Field::new(format!("f{offset}"), dtype, offset);
            fields.push(Field { coding: coding.clone(), big_endian: i % 2 == 1, ..field });
            offset += dtype.size() as u32;
        }
    }
    Schema::new(offset as usize, fields).unwrap()
}

/// An energy that follows from two printed momenta, and a share and its rest; 20 bytes.
pub fn lawful() -> Schema {
    let printed = FieldCoding::Number { grid: DecimalGrid::new(6, 3), order: Order::MsbFirst };
    let float =
        |name, offset| Field { coding: printed.clone(), ..Field::new(name, DType::F32, offset) };
    let mut fields = vec![float("e", 0), float("px", 4), float("py", 8)];
    fields.extend([Field::new("share", DType::F32, 12), Field::new("rest", DType::F32, 16)]);
    let term = |field, minus| Term { field, minus };
    let energy = Law {
        form: LawForm::RootOfSquares,
        constant: 0.01f64.to_bits(),
        terms: vec![term(1, false), term(2, false)],
    };
    let rest = Law { form: LawForm::Sum, constant: 1f64.to_bits(), terms: vec![term(3, true)] };
    let laws = [(0, Predicted::Law(energy)), (4, Predicted::Law(rest))];
    Schema::new(20, fields).unwrap().with_predictions(laws).unwrap()
}

/// Records of [`lawful`], some with numbers that are none.
pub fn lawful_records(n: usize) -> Vec<u8> {
    let mut random = Random(41);
    let mut out = Vec::new();
    for i in 0..n {
        let mut draw = || (random.next() >> 44) as f32 / 1024.0 - 512.0;
        let printed = |x: f32| format!("{x:.3}").parse::<f32>().unwrap();
        let (px, py) = (printed(draw()), printed(draw()));
        let e = (f64::from(px).powi(2) + f64::from(py).powi(2) + 0.01).sqrt();
        let share = (draw() + 512.0) / 1024.0;
        let px = if i % 50 == 7 { f32::NAN } else { px };
        let values = [printed(e as f32), px, py, share, 1.0 - share];
        out.extend(values.into_iter().flat_map(f32::to_le_bytes));
    }
    out
}

/// A kind, a value that depends on it, the same value again, one of few values, a counter and a constant; 26 bytes.
pub fn related() -> Schema {
    let fields = vec![
        Field::new("kind", DType::I16, 0),
        Field::new("value", DType::F32, 2),
        Field::new("again", DType::F32, 6),
        Field::new("name", DType::U64, 10),
        Field::new("counter", DType::U32, 18),
        Field::new("constant", DType::F32, 22),
    ];
    Schema::new(26, fields).unwrap()
}

/// Records of [`related`].
pub fn related_records(n: u32) -> Vec<u8> {
    let mut random = Random(43);
    let mut out = Vec::new();
    for i in 0..n {
        let kind = (random.next() >> 61) as i16 * 100 - 300;
        let value = f32::from(kind) * 7.0 + (random.next() >> 56) as f32 / 256.0;
        let name = [0x1234_5678_9abc_def0u64, 7, u64::MAX, 1 << 40][(random.next() >> 62) as usize];
        out.extend(kind.to_le_bytes());
        out.extend(value.to_le_bytes());
        out.extend(value.to_le_bytes());
        out.extend(name.to_le_bytes());
        out.extend((1_000_000 + i).to_le_bytes());
        out.extend(1.5f32.to_le_bytes());
    }
    out
}

/// Records of any schema: small steps in some bytes, so that there is something to find.
pub fn stepping(stride: usize, n: usize) -> Vec<u8> {
    let mut random = Random(47);
    let mut record = random.bytes(stride);
    let mut out = Vec::new();
    for _ in 0..n {
        for _ in 0..1 + stride / 8 {
            let draw = random.next();
            record[draw as usize % stride] = (draw >> 58) as u8;
        }
        out.extend(&record);
    }
    out
}
