//! Records whose fields follow from others by formulas, with every function that formulas have.

use vortex_coder::schema::{
    Binary, DecimalGrid, Expression, Formula, Order, Predicted, Schema, Unary,
};
use vortex_coder::{DType, Field, FieldCoding};

use super::Random;

fn x(index: u16) -> Expression {
    Expression::field(index)
}

/// The formulas of fields 2 to 10; fields 0 and 1 are `a` and `b`.
fn formulas() -> Vec<(DType, Formula)> {
    use Unary::*;
    let (a, b) = (|| x(0), || x(1));
    let of = |function: Unary| move |e: Expression| e.apply(function);
    let (cos, sin, sinh) = (of(Cos), of(Sin), of(Sinh));
    let number = Expression::constant;
    let eighth = || b() / number(8.0);
    let one = |e: Expression, dtype| (dtype, Formula::one(e, dtype));
    let growth = a().apply(Negate).apply(Exp) + a().apply(Log);
    vec![
        one((a() * cos(b())).with(Binary::Hypot, a() * sin(b())), DType::F64),
        one((a() * sin(b())).with(Binary::Atan2, a() * cos(b())), DType::F64),
        one((sinh(b()) / a().apply(Tanh)).apply(Asinh), DType::F64),
        (DType::F64, Formula { any_of: vec![growth, b().apply(Cosh), a().sqrt()], reach: 24 }),
        one(Expression::ranked(1, [a(), b(), b().apply(Abs), (a() + b()).apply(Wrap)]), DType::F64),
        one(eighth().apply(Acos) - eighth().apply(Asin) + b().apply(Atan), DType::F64),
        one((a() * number(1000.0)).apply(Single) / number(-3.0) - b().square(), DType::I32),
        one(
            a().with(Binary::Max, b()) - a().with(Binary::Min, number(0.5)) + x(2) * number(0.25),
            DType::F32,
        ),
        // Finite where a is infinite.
        one(a().apply(Tanh) * number(3.0) + b(), DType::F64),
    ]
}

/// Two numbers and what follows from them; 80 bytes.
pub fn schema() -> Schema {
    let mut fields = vec![Field::new("a", DType::F64, 0), Field::new("b", DType::F64, 8)];
    let mut offset = 16;
    for (i, (dtype, formula)) in formulas().into_iter().enumerate() {
        let grid = DecimalGrid::new(7, 3).filter(|_| dtype == DType::F32);
        let order = Order::Ordered(Predicted::Formula(formula));
        let coding = FieldCoding::Number { grid, order };
        let big_endian = i % 3 == 1;
        fields.push(Field { coding, big_endian, ..Field::new(format!("f{i}"), dtype, offset) });
        offset += dtype.size() as u32;
    }
    Schema::new(offset as usize, fields).unwrap()
}

/// Records of [`schema`], most of which keep its formulas or nearly so.
pub fn records(n: u32) -> Vec<u8> {
    let mut random = Random(31);
    let mut out = Vec::new();
    for i in 0..n {
        // Only operations that every machine rounds alike, so that these bytes are the same everywhere.
        let mut draw = || (random.next() >> 40) as f64 / 16_777_216.0;
        let mut values = vec![0.03125 + 8.0 * draw(), 8.0 * draw() - 4.0];
        match i % 32 {
            11 => values[0] = f64::NEG_INFINITY,
            15 => values[0] = f64::INFINITY,
            21 => values[0] = f64::NAN,
            27 => values[0] = -f64::NAN,
            _ => {}
        }
        out.extend(values[0].to_le_bytes());
        out.extend(values[1].to_le_bytes());
        for (field, (dtype, formula)) in formulas().into_iter().enumerate() {
            let choice = i as usize % formula.any_of.len();
            let value = formula.any_of[choice].evaluate(|index| values[usize::from(index)]);
            let near = value.to_bits().wrapping_add(u64::from(i % 5)).wrapping_sub(2);
            let value = match (i as usize + field) % 16 {
                3 => f64::NAN,
                7 => draw(),
                8..10 => f64::from_bits(near),
                _ => value,
            };
            values.push(value);
            let mut bytes = match dtype {
                DType::F64 => value.to_le_bytes().to_vec(),
                DType::I32 => (value.round_ties_even() as i32).to_le_bytes().to_vec(),
                _ => format!("{value:.3}").parse::<f32>().unwrap().to_le_bytes().to_vec(),
            };
            if field % 3 == 1 {
                bytes.reverse();
            }
            out.extend(bytes);
        }
    }
    out
}
