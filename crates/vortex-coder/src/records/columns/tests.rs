//! Columns say what the layout says of each record, and give the records back.

use super::*;
use crate::records::coding::in_order;
use crate::schema::{
    Binary, DType, DecimalGrid, Expression, Formula, Law, LawForm, Schema, Term, Unary,
};
use proptest::prelude::*;

/// What the definition says.
fn by_record(layout: &RecordLayout, bytes: &[u8]) -> Vec<Vec<u64>> {
    let mut columns = vec![Vec::new(); layout.n_fields()];
    let mut symbols = vec![0; layout.roles().len()];
    let mut before = None;
    for record in bytes.chunks_exact(layout.stride()) {
        layout.to_symbols(before, record, &mut symbols);
        before = Some(record);
        for (index, column) in columns.iter_mut().enumerate() {
            let field = &layout.schema().fields()[index];
            let join = |n: u64, byte: &u8| n << 8 | u64::from(*byte);
            column.push(if field.coding.is_derived() {
                symbols[layout.roles_of(index)].iter().fold(0, join)
            } else {
                in_order(field.dtype, field.bits(record))
            });
        }
    }
    columns
}

fn check(schema: Schema, bytes: &[u8]) {
    let layout = RecordLayout::new(schema);
    let mut columns = layout.to_columns(bytes);
    for (index, (column, expected)) in columns.iter().zip(by_record(&layout, bytes)).enumerate() {
        let found: Vec<u64> = (0..column.len()).map(|i| column.get(i)).collect();
        assert_eq!(found, expected, "{:?}", layout.schema().fields()[index]);
    }
    let mut back = vec![0xaa; bytes.len()];
    layout.to_records(&mut columns, &mut back);
    assert!(back == bytes, "{:?}", layout.schema());
}

/// Of all fields before the `n`-th.
fn formula(n: u16, dtype: DType) -> Formula {
    let x = Expression::field;
    let largest = (1..n).fold(x(0), |largest, field| largest.with(Binary::Max, x(field)));
    let sum = (1..n).fold(x(0), |sum, field| sum + x(field).apply(Unary::Sinh));
    let root = largest.clone().square().sqrt();
    Formula {
        any_of: vec![root * sum.clone(), sum, largest],
        reach: if dtype.size() == 8 { 24 } else { 12 },
    }
}

#[test]
fn formulas_of_many_records() {
    let float = |name, offset| Field::new(name, DType::F64, offset);
    let near = |field, formula| (field, Predicted::Formula(formula));
    let fields = vec![float("r", 0), float("x", 8), float("twice", 16)];
    let x = Expression::field(1);
    let formulas = [
        near(0, Formula::one(x.clone().apply(Unary::Cosh), DType::F64)),
        near(2, Formula::one(Expression::field(0) + x.apply(Unary::Cosh), DType::F64)),
    ];
    let schema = Schema::new(24, fields).unwrap().with_predictions(formulas).unwrap();
    for n in [1, 63, 64, 65, 1000] {
        let record = |i: u32| {
            let x = f64::from(i) / 256.0 - 2.0;
            let r = Expression::field(0).apply(Unary::Cosh).evaluate(|_| x);
            [r, x, 2.0 * r].map(f64::to_le_bytes).concat()
        };
        let bytes: Vec<u8> = (0..n).flat_map(record).collect();
        check(schema.clone(), &bytes);
        let columns = RecordLayout::new(schema.clone()).to_columns(&bytes);
        for column in [0, 2] {
            assert!((0..columns[column].len()).all(|i| columns[column].get(i) == 1 << 47));
        }
    }
}

#[test]
fn no_records_and_records_longer_than_a_tile() {
    check(Schema::bytes(), &[]);
    let fields = (0..9000).map(|i| Field::new(format!("x{i}"), DType::F32, 4 * i)).collect();
    let bytes: Vec<u8> =
        (0..36_000u32 * 3).flat_map(|i| [(i >> 3) as u8 ^ (i * 7) as u8]).collect();
    check(Schema::new(36_000, fields).unwrap(), &bytes);
}

proptest! {
    #[test]
    fn any_schema(
        described in prop::collection::vec(
            (prop::sample::select(DType::ALL.to_vec()), any::<bool>(), 0u8..6, 1u8..=8, 0u8..=30),
            1..9,
        ),
        noise in prop::collection::vec(any::<u8>(), 700),
    ) {
        let (mut fields, mut offset) = (Vec::<Field>::new(), 0);
        for (dtype, big_endian, kind, digits, places) in described {
            let number = |order| {
                let grid = DecimalGrid::new(digits, places);
                FieldCoding::Number { grid: grid.filter(|_| dtype == DType::F32 && digits > 3), order }
            };
            let terms = (0..fields.len() as u16).map(|field| Term { field, minus: field % 2 == 1 });
            let law = Law { form: LawForm::Sum, constant: 1f64.to_bits(), terms: terms.collect() };
            let may = !fields.is_empty() && matches!(dtype, DType::F32 | DType::F64);
            let coding = match kind {
                0 => FieldCoding::Raw,
                1 => number(Order::MsbFirst),
                2 => number(Order::Ordered(Predicted::Nothing)),
                3 if may => number(Order::Ordered(Predicted::Law(law))),
                4 if !fields.is_empty() && dtype.size() >= 4 => {
                    number(Order::Ordered(Predicted::Formula(formula(fields.len() as u16, dtype))))
                }
                _ => number(Order::Ordered(Predicted::RecordBefore)),
            };
            fields.push(Field { big_endian, coding, ..Field::new(format!("f{offset}"), dtype, offset) });
            offset += dtype.size() as u32;
        }
        let stride = offset as usize;
        check(Schema::new(stride, fields).unwrap(), &noise[..noise.len() / stride * stride]);
    }
}
