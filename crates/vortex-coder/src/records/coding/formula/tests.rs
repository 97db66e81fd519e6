use super::super::bit_patterns::{any_bits, any_typed_bits, come_back, every, narrow, special};
use super::super::grid::DecimalGrid;
use super::super::order::in_order;
use super::super::{FieldCoding, Order, Predicted};
use super::*;
use crate::records::schema::Schema;
use proptest::prelude::*;

fn x(index: u16) -> Expression {
    Expression::field(index)
}

/// `sqrt(|a| + b^2)`, `a / b` and `-a`.
fn formulas(dtype: DType) -> Formula {
    let root = (x(1).apply(Unary::Abs) + x(2).square()).sqrt();
    Formula { any_of: vec![root, x(1) / x(2), -x(1)], reach: most_reach(dtype) }
}

/// A schema of a field with formulas and the two fields that they refer to.
fn schema(dtype: DType, grid: Option<DecimalGrid>, formula: Formula, term: DType) -> Schema {
    let order = Order::Ordered(Predicted::Formula(formula));
    let coding = FieldCoding::Number { grid, order };
    let size = dtype.size() as u32;
    let big_endian = term.size() > 1;
    let fields = vec![
        Field { coding, ..Field::new("own", dtype, 0) },
        Field { big_endian, ..Field::new("a", term, size) },
        Field::new("b", term, size + term.size() as u32),
    ];
    Schema::new(dtype.size() + 2 * term.size(), fields).unwrap()
}

/// Records of such a schema come back, whatever the three fields are; what the first one became.
fn check(schema: &Schema, values: impl Iterator<Item = [u64; 3]>) -> Vec<u64> {
    let record = |values: [u64; 3]| {
        let mut record = vec![0; schema.stride()];
        let fields = schema.fields().iter().zip(values);
        fields.for_each(|(field, bits)| field.set_bits(&mut record, bits));
        record
    };
    come_back(schema, &values.map(record).collect::<Vec<_>>())
}

fn wide() -> impl Iterator<Item = DType> {
    DType::ALL.into_iter().filter(|dtype| dtype.size() >= 4)
}

#[test]
fn what_obeys_a_formula_says_which_and_how_far() {
    let coded = |own: f64, [a, b]: [f64; 2]| {
        let schema = schema(DType::F64, None, formulas(DType::F64), DType::F64);
        check(&schema, std::iter::once([own, a, b].map(f64::to_bits)))[0]
    };
    let middle = 1 << 47;
    assert_eq!(coded(5.0, [9.0, 4.0]), middle);
    assert_eq!(coded(2.25, [9.0, 4.0]), 1 << 48 | middle);
    assert_eq!(coded(-9.0, [9.0, 4.0]), 2 << 48 | middle);
    assert_eq!(coded(-9.0f64.next_up(), [9.0, 4.0]), 2 << 48 | (middle - 1));
    let own = 1e9f64;
    assert_eq!(coded(own, [9.0, 4.0]), in_order(DType::F64, own.to_bits()));
    assert_eq!(coded(own, [f64::NAN, 4.0]), in_order(DType::F64, own.to_bits()));
}

#[test]
fn integers_and_grids_count_in_their_own_steps() {
    let sum = |dtype| Formula::one(x(1) + x(2), dtype);
    let integers = schema(DType::I32, None, sum(DType::I32), DType::I32);
    let values = [[7i32, 3, 4], [-7, -4, -2], [i32::MAX, i32::MAX, 5]];
    let codes = check(&integers, values.into_iter().map(|v| v.map(|x| u64::from(x as u32))));
    assert_eq!(codes, [0x8000, 0x7fff, 0xffff]);
    let grid = DecimalGrid::new(6, 2);
    let decimals = schema(DType::F32, grid, sum(DType::F32), DType::F32);
    let values = [[0.75f32, 0.25, 0.5], [0.77, 0.25, 0.5]];
    let codes = check(&decimals, values.into_iter().map(|v| v.map(|x| x.to_bits().into())));
    assert_eq!(codes, [0x8000, 0x8002]);
}

#[test]
fn every_narrow_term_and_special_wide_values_come_back() {
    for term in narrow() {
        let schema = schema(DType::F32, None, formulas(DType::F32), term);
        let near = every(term).map(|bits| [bits << 7, bits, bits.rotate_left(3)]);
        check(&schema, near.map(|[a, b, c]| [a, b, c & term.mask()]));
    }
    for dtype in wide() {
        for term in DType::ALL {
            let schema = schema(dtype, None, formulas(dtype), term);
            let (own, terms) = (special(dtype), special(term));
            let all = own.iter().flat_map(|&x| terms.iter().map(move |&a| [x, a, !a]));
            check(&schema, all.map(|[x, a, b]| [x, a, b & term.mask()]));
        }
    }
}

#[test]
fn files_and_sidecars_give_it_back() {
    let grid = DecimalGrid::new(6, 2);
    let schema = schema(DType::F32, grid, formulas(DType::F32), DType::I16);
    let coding = &schema.fields()[0].coding;
    let mut bytes = Vec::new();
    coding.write_extension(&mut bytes);
    let expected: &[u8] = &[
        9, 6, 2, 16, 3, 6, 0, 0, 1, 0, 17, 0, 2, 0, 19, 48, 18, // sqrt(abs(a) + b^2)
        3, 0, 0, 1, 0, 0, 2, 0, 51, // a / b
        2, 0, 0, 1, 0, 16, // -a
    ];
    assert_eq!(bytes, expected);
    assert_eq!(FieldCoding::read(2, true, &mut &bytes[..]).unwrap(), *coding);
    for cut in 0..bytes.len() {
        assert!(FieldCoding::read(2, true, &mut &bytes[..cut]).is_err(), "{cut}");
    }
    assert!(FieldCoding::read(1, true, &mut &bytes[..]).is_err());
    bytes[0] = 11;
    assert!(FieldCoding::read(2, true, &mut &bytes[..]).is_err());
    let words = coding.to_words(DType::F32, schema.fields());
    assert_eq!(words.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["decimal", "formula"]);
    let again = FieldCoding::from_words(DType::F32, &words, schema.fields()).unwrap();
    assert_eq!(again, *coding);
    let unknown = FieldCoding::from_words(DType::F32, &words, &schema.fields()[..2]);
    assert!(unknown.unwrap_err().message.contains("\"b\", which is no field"));
    assert_eq!(
        schema.describe(0),
        "decimals of 6 digits, at most 2 after the point; near one of sqrt(abs(a) + b^2), a / b, -a"
    );
}

#[test]
fn what_no_schema_can_hold() {
    let refused = |dtype, formula, word: &str| {
        let predicted = [(0, Predicted::Formula(formula))];
        let fields = vec![Field::new("own", dtype, 0), Field::new("a", DType::I16, 8)];
        let error = Schema::new(10, fields).unwrap().with_predictions(predicted).unwrap_err();
        assert!(error.message.contains(word), "{}", error.message);
    };
    let one = |e: Expression| Formula::one(e, DType::F64);
    refused(DType::I16, one(x(1)), "4 and 8 bytes, not");
    refused(DType::F64, one(x(0)), "circle");
    refused(DType::F64, one(x(9)), "refers to field 9");
    refused(DType::F64, one(Expression::constant(f64::INFINITY)), "finite");
    refused(DType::F64, Formula { reach: 49, ..one(x(1)) }, "8 to 48");
    refused(DType::F32, Formula { reach: 17, ..one(x(1)) }, "8 to 16");
    refused(DType::F64, Formula { reach: 8, any_of: vec![] }, "0 formulas");
    refused(DType::F64, Formula { reach: 8, any_of: vec![x(1); 17] }, "17 formulas");
}

#[test]
fn infinite_and_nan_fields_keep_their_value() {
    for (dtype, infinity, nan) in [
        (DType::F16, 0x7c00, 0x7c01),
        (DType::Bf16, 0x7f80, 0x7f81),
        (DType::F32, 0x7f80_0000, 0x7f80_0001),
        (DType::F64, 0x7ff0 << 48, 0x7ff0 << 48 | 1),
    ] {
        let field = Field::new("x", dtype, 0);
        let of = |bits: u64| field.value(&bits.to_le_bytes()[..dtype.size()]);
        assert_eq!(of(infinity), f64::INFINITY, "{dtype}");
        assert_eq!(of(infinity | dtype.sign()), f64::NEG_INFINITY, "{dtype}");
        assert!(of(nan).is_nan() && of(nan | dtype.sign()).is_nan(), "{dtype}");
    }
    let half = Field::new("x", DType::F16, 0);
    assert_eq!(half.value(&0x3c00u16.to_le_bytes()), 1.0);
    let brain = Field::new("x", DType::Bf16, 0);
    assert_eq!(brain.value(&0xbf80u16.to_le_bytes()), -1.0);
}

proptest! {
    #[test]
    fn any_values_come_back(
        dtype in prop::sample::select(wide().collect::<Vec<_>>()),
        own in prop::collection::vec(any_bits(DType::F64), 8),
        (term, terms) in any_typed_bits(16),
        grid in prop::option::of((1u8..=8, 0u8..=30)),
        less in 0u8..=8,
    ) {
        let grid = grid.filter(|_| dtype == DType::F32);
        let grid = grid.and_then(|(digits, places)| DecimalGrid::new(digits, places));
        let formula = formulas(dtype);
        let schema = schema(dtype, grid, Formula { reach: formula.reach - less, ..formula }, term);
        let values = own.iter().zip(terms.chunks_exact(2));
        check(&schema, values.map(|(x, pair)| [x & dtype.mask(), pair[0], pair[1]]));
    }

    /// Values that lie near to what a formula gives, which is where integers are exchanged.
    #[test]
    fn near_values_come_back(a in any::<f64>(), b in any::<f64>(), by in -70_000i64..70_000, wide in any::<bool>()) {
        let dtype = if wide { DType::F64 } else { DType::F32 };
        let schema = schema(dtype, None, formulas(dtype), DType::F64);
        for expression in &formulas(dtype).any_of {
            let near = expression.evaluate(|index| if index == 1 { a } else { b });
            if let Some(bits) = bits(dtype, near) {
                let own = bits.wrapping_add_signed(by) & dtype.mask();
                check(&schema, std::iter::once([own, a.to_bits(), b.to_bits()]));
            }
        }
    }
}
