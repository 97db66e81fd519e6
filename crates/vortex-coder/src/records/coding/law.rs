//! The stage that predicts a field from others of its record, by a law: a sum, or the root of a sum of squares.
//!
//! `E = sqrt(px^2 + py^2 + pz^2 + m^2)`, `pb = 1 - pc - pu`: such a field holds little of its own. It is
//! coded as its distance from what the law says, which is computed in integers alone.

use super::Surroundings;
use super::exact::Exact;
use super::field::Field;
use super::stage::{KnownStage, Stage, take};
use super::words::{Shape, Words};
use crate::error::{Error, Result};
use vortex_base::dtype::DType;

/// Most terms of a law.
pub const MAX_TERMS: usize = 16;
/// Bits that the largest term takes in a sum, so that all terms and the constant stay below 2^127.
const SUM_BITS: i32 = 121;

/// How the terms of a law become a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum LawForm {
    /// `constant + sum of +-x`.
    Sum = 0,
    /// `sqrt(constant + sum of +-x^2)`, 0 where that is negative.
    RootOfSquares = 1,
}

/// One field that a law refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Term {
    /// Index in the schema's order of fields.
    pub field: u16,
    /// Whether it is subtracted.
    pub minus: bool,
}

/// What other fields of the same record say about a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Law {
    /// What is done with the terms.
    pub form: LawForm,
    /// Bits of a finite [`f64`].
    pub constant: u64,
    /// Fields, at least one and at most [`MAX_TERMS`].
    pub terms: Vec<Term>,
}

impl LawForm {
    const ALL: [Self; 2] = [Self::Sum, Self::RootOfSquares];

    const fn word(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::RootOfSquares => "root_of_squares",
        }
    }
}

impl Law {
    /// What it says about a field, as the field itself is written before the difference is taken.
    pub(super) fn expected(&self, around: &Surroundings<'_>) -> u64 {
        let mut evaluation = Evaluation::new(self.form);
        evaluation.constant(Exact::from_bits(DType::F64, self.constant).unwrap_or(Exact::ZERO));
        for term in &self.terms {
            let other = &around.fields[usize::from(term.field)];
            // Nothing can be said of a record with an infinite term, and nothing is.
            let Some(value) = Exact::from_bits(other.dtype, other.bits(around.record)) else {
                return around.field.dtype.sign();
            };
            evaluation.term(value, term.minus);
        }
        around.nearest(evaluation.finish().to_bits(around.field.dtype))
    }
}

impl Stage for Law {
    fn bit(&self) -> u8 {
        Self::BIT
    }

    fn key(&self) -> &'static str {
        Self::KEY
    }

    fn check(&self, dtype: DType, n_fields: usize) -> std::result::Result<(), String> {
        if !matches!(dtype, DType::F32 | DType::F64) {
            return Err(format!("a law is for float32 and float64, not {dtype}"));
        }
        let n = self.terms.len();
        if !(1..=MAX_TERMS).contains(&n) {
            return Err(format!("a law of {n} terms; 1 to {MAX_TERMS} are possible"));
        }
        if let Some(term) = self.terms.iter().find(|term| usize::from(term.field) >= n_fields) {
            return Err(format!("its law refers to field {} of {n_fields}", term.field));
        }
        if Exact::from_bits(DType::F64, self.constant).is_none() {
            return Err("the constant of its law is not a finite number".into());
        }
        Ok(())
    }

    fn needs(&self) -> Vec<u16> {
        let mut needs: Vec<u16> = self.terms.iter().map(|term| term.field).collect();
        needs.sort_unstable();
        needs.dedup();
        needs
    }

    #[cfg(feature = "container")]
    fn heap_bytes(&self) -> usize {
        size_of_val(&self.terms[..])
    }

    fn write_to(&self, out: &mut Vec<u8>) {
        let minus = self.terms.iter().rev().fold(0u16, |bits, t| bits << 1 | u16::from(t.minus));
        out.extend([self.form as u8, u8::try_from(self.terms.len()).expect("checked")]);
        out.extend(minus.to_le_bytes());
        out.extend(self.constant.to_le_bytes());
        out.extend(self.terms.iter().flat_map(|term| term.field.to_le_bytes()));
    }

    fn to_words(&self, fields: &[Field]) -> Words {
        let names = |minus| {
            let terms = self.terms.iter().filter(|term| term.minus == minus);
            Words::Names(terms.map(|term| fields[usize::from(term.field)].name.clone()).collect())
        };
        Words::Map(vec![
            ("form", Words::Text(self.form.word().into())),
            ("constant", Words::Number(f64::from_bits(self.constant))),
            ("plus", names(false)),
            ("minus", names(true)),
        ])
    }

    fn describe(&self, fields: &[Field]) -> String {
        let square = if self.form == LawForm::RootOfSquares { "^2" } else { "" };
        let terms = self.terms.iter().map(|term| {
            let sign = if term.minus { '-' } else { '+' };
            format!(" {sign} {}{square}", fields[usize::from(term.field)].name)
        });
        let sum = format!("{}{}", f64::from_bits(self.constant), terms.collect::<String>());
        match self.form {
            LawForm::Sum => format!("near {sum}"),
            LawForm::RootOfSquares => format!("near sqrt({sum})"),
        }
    }
}

impl KnownStage for Law {
    const BIT: u8 = 2;
    const KEY: &'static str = "law";
    const SHAPE: Shape = Shape::Map(&[
        ("form", Shape::Text),
        ("constant", Shape::Number),
        ("plus", Shape::Names),
        ("minus", Shape::Names),
    ]);

    fn read_from(input: &mut &[u8]) -> Result<Self> {
        let [form, n_terms] = take(input, "law")?;
        let Some(&form) = LawForm::ALL.get(usize::from(form)) else {
            return Err(Error::corrupt(format!("{form} is no known form of a law")));
        };
        let minus = u16::from_le_bytes(take(input, "law")?);
        let constant = u64::from_le_bytes(take(input, "law")?);
        if usize::from(n_terms) > MAX_TERMS || u32::from(minus) >> n_terms != 0 {
            let message = format!("a law of {n_terms} terms with the signs {minus:#06x}");
            return Err(Error::corrupt(message));
        }
        let term = |i| {
            let field = u16::from_le_bytes(take(input, "law")?);
            Ok(Term { field, minus: minus >> i & 1 == 1 })
        };
        let terms = (0..n_terms).map(term).collect::<Result<_>>()?;
        Ok(Self { form, constant, terms })
    }

    fn from_words(words: &Words, fields: &[Field]) -> Result<Option<Self>> {
        let form = words.text("form")?;
        let Some(form) = LawForm::ALL.into_iter().find(|known| known.word() == form) else {
            let allowed = LawForm::ALL.map(LawForm::word).join(", ");
            let message = format!("unknown form of a law {form:?}; allowed: {allowed}");
            return Err(Error::invalid_argument(message));
        };
        let signed = [(words.names("plus")?, false), (words.names("minus")?, true)];
        let names = signed.iter().flat_map(|(names, minus)| names.iter().map(|n| (n, *minus)));
        let term = |(name, minus): (&String, bool)| {
            let field = (0u16..).zip(fields).find(|(_, field)| field.name == *name);
            let named = || format!("its law names {name:?}, which is no field");
            let (field, _) = field.ok_or_else(|| Error::invalid_argument(named()))?;
            Ok(Term { field, minus })
        };
        let terms = names.map(term).collect::<Result<_>>()?;
        let constant = words.number("constant", 0.0)?.to_bits();
        Ok(Some(Self { form, constant, terms }))
    }
}

/// Adds numbers of any size in fixed point; what lies more than 121 bits below the largest is cut off.
pub(crate) struct Evaluation {
    form: LawForm,
    addends: [Exact; MAX_TERMS + 1],
    n: usize,
}

impl Evaluation {
    pub(crate) const fn new(form: LawForm) -> Self {
        Self { form, addends: [Exact::ZERO; MAX_TERMS + 1], n: 0 }
    }

    /// Adds a term's value.
    pub(crate) fn term(&mut self, value: Exact, minus: bool) {
        self.constant(match self.form {
            LawForm::Sum => Exact { negative: value.negative != minus, ..value },
            // At most 64 bits, so the square fits.
            LawForm::RootOfSquares => Exact {
                negative: minus,
                mantissa: value.mantissa * value.mantissa,
                exponent: 2 * value.exponent,
            },
        });
    }

    /// Adds a value that is not squared.
    pub(crate) fn constant(&mut self, value: Exact) {
        self.addends[self.n] = value;
        self.n += 1;
    }

    /// The value that the law gives.
    pub(crate) fn finish(&self) -> Exact {
        let addends = || self.addends[..self.n].iter().filter(|a| a.mantissa != 0);
        let Some(top) = addends().map(|a| a.exponent + length(a.mantissa)).max() else {
            return Exact::ZERO;
        };
        // Even, so that its root is a power of two.
        let scale = (top - SUM_BITS) & !1;
        let sum: i128 = addends().map(|a| at_scale(a, scale)).sum();
        let magnitude = sum.unsigned_abs();
        match self.form {
            LawForm::Sum => Exact { negative: sum < 0, mantissa: magnitude, exponent: scale },
            LawForm::RootOfSquares if sum <= 0 => Exact::ZERO,
            LawForm::RootOfSquares => {
                Exact { negative: false, mantissa: magnitude.isqrt(), exponent: scale / 2 }
            }
        }
    }
}

fn length(mantissa: u128) -> i32 {
    128 - mantissa.leading_zeros().cast_signed()
}

fn at_scale(value: &Exact, scale: i32) -> i128 {
    let magnitude = match value.exponent - scale {
        up @ 0.. => value.mantissa << up,
        down @ -127.. => value.mantissa >> down.unsigned_abs(),
        _ => 0,
    };
    let magnitude = magnitude.cast_signed();
    if value.negative { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::super::bit_patterns::{any_bits, any_typed_bits, come_back, every, narrow, special};
    use super::super::grid::DecimalGrid;
    use super::super::{FieldCoding, Order, Predicted};
    use super::*;
    use crate::records::schema::Schema;
    use proptest::prelude::*;

    fn exact(value: f64) -> Exact {
        Exact::from_bits(DType::F64, value.to_bits()).unwrap()
    }

    fn evaluate(form: LawForm, constant: f64, terms: &[(f64, bool)]) -> f64 {
        let mut evaluation = Evaluation::new(form);
        evaluation.constant(exact(constant));
        for &(value, minus) in terms {
            evaluation.term(exact(value), minus);
        }
        f64::from_bits(evaluation.finish().to_bits(DType::F64))
    }

    #[test]
    fn known_values() {
        use LawForm::{RootOfSquares, Sum};
        assert_eq!(evaluate(RootOfSquares, 0.0, &[(3.0, false), (-4.0, false)]), 5.0);
        assert_eq!(evaluate(RootOfSquares, 0.0, &[(5.0, false), (4.0, true)]), 3.0);
        assert_eq!(evaluate(RootOfSquares, -1.0, &[(0.5, false)]), 0.0);
        assert_eq!(evaluate(Sum, 1.0, &[(0.25, true), (0.5, true)]), 0.25);
        assert_eq!(evaluate(Sum, 0.0, &[(0.0, true), (-0.0, false)]), 0.0);
        // Far beyond what a sum of floats keeps.
        assert_eq!(evaluate(Sum, 1e30, &[(1e30, true), (0.125, false)]), 0.125);
        let full = vec![(f64::MAX, false); MAX_TERMS];
        assert_eq!(evaluate(Sum, f64::MAX, &full), f64::INFINITY);
        assert!(evaluate(RootOfSquares, f64::MAX, &full).is_infinite());
        assert_eq!(evaluate(RootOfSquares, 0.0, &[(f64::from_bits(1), false)]), f64::from_bits(1));
    }

    /// A schema of a field with a law and the two fields that it refers to.
    fn lawful(dtype: DType, grid: Option<DecimalGrid>, law: Law, term: DType) -> Schema {
        let coding = FieldCoding::Number { grid, order: Order::Ordered(Predicted::Law(law)) };
        let size = dtype.size() as u32;
        let big_endian = term.size() > 1;
        let fields = vec![
            Field { coding, ..Field::new("sum", dtype, 0) },
            Field { big_endian, ..Field::new("a", term, size) },
            Field::new("b", term, size + term.size() as u32),
        ];
        Schema::new(dtype.size() + 2 * term.size(), fields).unwrap()
    }

    /// Records of such a schema come back, whatever the three fields are.
    fn check(schema: &Schema, values: impl Iterator<Item = [u64; 3]>) {
        let record = |values: [u64; 3]| {
            let mut record = vec![0; schema.stride()];
            let fields = schema.fields().iter().zip(values);
            fields.for_each(|(field, bits)| field.set_bits(&mut record, bits));
            record
        };
        come_back(schema, &values.map(record).collect::<Vec<_>>());
    }

    fn law(form: LawForm) -> Law {
        let term = |field, minus| Term { field, minus };
        Law { form, constant: 0.25f64.to_bits(), terms: vec![term(1, false), term(2, true)] }
    }

    #[test]
    fn every_narrow_term_and_special_wide_values_come_back() {
        for form in LawForm::ALL {
            for term in narrow() {
                let schema = lawful(DType::F32, None, law(form), term);
                let near = every(term).map(|bits| [bits << 7, bits, bits.rotate_left(3)]);
                check(&schema, near.map(|[a, b, c]| [a, b, c & term.mask()]));
            }
            for dtype in [DType::F32, DType::F64] {
                for term in DType::ALL {
                    let schema = lawful(dtype, None, law(form), term);
                    let (own, terms) = (special(dtype), special(term));
                    let all = own.iter().flat_map(|&x| terms.iter().map(move |&a| [x, a, !a]));
                    check(&schema, all.map(|[x, a, b]| [x, a, b & term.mask()]));
                }
            }
        }
    }

    #[test]
    fn files_and_sidecars_give_it_back() {
        for form in LawForm::ALL {
            let grid = DecimalGrid::new(6, 2);
            let schema = lawful(DType::F32, grid, law(form), DType::I16);
            let coding = &schema.fields()[0].coding;
            let mut bytes = Vec::new();
            coding.write_extension(&mut bytes);
            let constant = 0.25f64.to_le_bytes();
            let expected = [&[3, 6, 2, form as u8, 2, 2, 0][..], &constant, &[1, 0, 2, 0]].concat();
            assert_eq!(bytes, expected);
            assert_eq!(FieldCoding::read(2, true, &mut &bytes[..]).unwrap(), *coding);
            for (number, parts) in [(0, 3), (1, 3), (2, 7), (2, 0), (2, 8), (3, 3)] {
                bytes[0] = parts;
                assert!(FieldCoding::read(number, true, &mut &bytes[..]).is_err(), "{parts}");
            }
            let words = coding.to_words(DType::F32, schema.fields());
            assert_eq!(words.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["decimal", "law"]);
            let again = FieldCoding::from_words(DType::F32, &words, schema.fields()).unwrap();
            assert_eq!(again, *coding);
            let unknown = FieldCoding::from_words(DType::F32, &words, &schema.fields()[..2]);
            assert!(unknown.unwrap_err().message.contains("\"b\", which is no field"));
        }
    }

    proptest! {
        #[test]
        fn any_values_come_back(
            wide in any::<bool>(),
            sum in any::<bool>(),
            constant in any_bits(DType::F64),
            own in prop::collection::vec(any_bits(DType::F64), 8),
            (term, terms) in any_typed_bits(16),
            grid in prop::option::of((1u8..=8, 0u8..=30)),
        ) {
            let dtype = if wide { DType::F64 } else { DType::F32 };
            let grid = grid.filter(|_| !wide).and_then(|(digits, places)| DecimalGrid::new(digits, places));
            let form = if sum { LawForm::Sum } else { LawForm::RootOfSquares };
            let constant = if f64::from_bits(constant).is_finite() { constant } else { 0 };
            let schema = lawful(dtype, grid, Law { constant, ..law(form) }, term);
            let values = own.iter().zip(terms.chunks_exact(2));
            check(&schema, values.map(|(x, pair)| [x & dtype.mask(), pair[0], pair[1]]));
        }

        #[test]
        fn close_to_floating_point(a in -1e9f64..1e9, b in -1e-3f64..1e3, c in -1f64..1.0, m in 0f64..10.0) {
            let sum = evaluate(LawForm::Sum, m, &[(a, false), (b, true), (c, false)]);
            prop_assert!((sum - (m + a - b + c)).abs() <= 1e-15 * a.abs().max(1e3), "{sum}");
            let root = evaluate(LawForm::RootOfSquares, m, &[(a, false), (b, false), (c, false)]);
            let expected = (m + a * a + b * b + c * c).sqrt();
            prop_assert!((root - expected).abs() <= 1e-15 * expected, "{root} {expected}");
        }
    }
}
