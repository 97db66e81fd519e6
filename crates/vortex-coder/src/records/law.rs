//! Laws between the fields of a record: a sum, or the root of a sum of squares.
//!
//! `E = sqrt(px^2 + py^2 + pz^2 + m^2)`, `pb = 1 - pc - pu`: such a field holds little of its own. It is
//! coded as its distance from what the law says, which is computed in integers alone.

use super::exact::Exact;

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
    use super::*;
    use crate::records::dtype::DType;
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

    proptest! {
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
