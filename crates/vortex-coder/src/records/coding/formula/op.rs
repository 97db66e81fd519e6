//! The steps of an expression.

use super::super::elementary;

/// A step of an [`Expression`](super::Expression): what it takes is on top of a stack, and its result goes there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// The value of a field of the record, by index.
    Field(u16),
    /// Bits of a finite [`f64`].
    Constant(u64),
    /// A function of one value.
    Unary(Unary),
    /// A function of two values.
    Binary(Binary),
    /// The `rank`-th smallest of `of` values, from 0, with -0 before +0; NaN if one of them is NaN.
    Ranked {
        /// Place in ascending order, below `of`.
        rank: u8,
        /// How many values, 2 to [`MAX_RANKED`].
        of: u8,
    },
}

/// How long an elementary function takes, in additions, as files are judged.
const ELEMENTARY: usize = 16;

/// Most values of which one is taken by its rank.
pub const MAX_RANKED: u8 = 16;

macro_rules! functions {
    ($(#[$meta:meta])* $name:ident, $signature:ty { $($(#[$doc:meta])* $variant:ident = $code:literal, $word:literal, $compute:expr;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$doc])* $variant = $code,)* }

        impl $name {
            pub(super) const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name in a text.
            pub(super) const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            pub(super) fn compute(self) -> $signature {
                match self { $(Self::$variant => $compute,)* }
            }
        }
    };
}

functions! {
    /// Functions of one value. Numbers are their codes in a file.
    Unary, fn(f64) -> f64 {
        /// `-x`
        Negate = 16, "-", |x| -x;
        /// `|x|`
        Abs = 17, "abs", f64::abs;
        /// Square root.
        Sqrt = 18, "sqrt", f64::sqrt;
        /// `x * x`
        Square = 19, "^2", |x| x * x;
        /// The nearest single precision number, ties to even.
        Single = 20, "float32", single;
        /// The angle between -pi and pi, in radians, up to whole turns.
        Wrap = 21, "wrap", wrap;
        /// `e^x`
        Exp = 22, "exp", elementary::exp;
        /// Natural logarithm.
        Log = 23, "log", elementary::log;
        /// Sine of radians.
        Sin = 24, "sin", elementary::sin;
        /// Cosine of radians.
        Cos = 25, "cos", elementary::cos;
        /// Hyperbolic sine.
        Sinh = 26, "sinh", elementary::sinh;
        /// Hyperbolic cosine.
        Cosh = 27, "cosh", elementary::cosh;
        /// Hyperbolic tangent.
        Tanh = 28, "tanh", elementary::tanh;
        /// Inverse of the hyperbolic sine.
        Asinh = 29, "asinh", elementary::asinh;
        /// Inverse of the cosine, in radians.
        Acos = 30, "acos", elementary::acos;
        /// Inverse of the sine, in radians.
        Asin = 31, "asin", elementary::asin;
        /// Inverse of the tangent, in radians.
        Atan = 32, "atan", elementary::atan;
    }
}

functions! {
    /// Functions of two values. Numbers are their codes in a file.
    Binary, fn(f64, f64) -> f64 {
        /// `a + b`
        Add = 48, "+", |a, b| a + b;
        /// `a - b`
        Subtract = 49, "-", |a, b| a - b;
        /// `a * b`
        Multiply = 50, "*", |a, b| a * b;
        /// `a / b`
        Divide = 51, "/", |a, b| a / b;
        /// The smaller one; `b` where they cannot be compared.
        Min = 52, "min", |a, b| if a < b { a } else { b };
        /// The larger one; `b` where they cannot be compared.
        Max = 53, "max", |a, b| if a > b { a } else { b };
        /// `sqrt(a * a + b * b)`, each step rounded.
        Hypot = 54, "hypot", |a, b| (a * a + b * b).sqrt();
        /// Angle of the point (b, a) seen from the origin, in radians.
        Atan2 = 55, "atan2", elementary::atan2;
    }
}

#[allow(clippy::cast_possible_truncation)] // rounds
#[inline(always)]
pub(super) fn single(x: f64) -> f64 {
    f64::from(x as f32)
}

/// One turn is taken off or put on, as far as it goes: sums and differences of two angles lie within three half turns.
#[inline(always)]
pub(super) fn wrap(x: f64) -> f64 {
    use std::f64::consts::{PI, TAU};
    if x > PI {
        x - TAU
    } else if x < -PI {
        x + TAU
    } else {
        x
    }
}

impl Op {
    /// About how long it takes, in additions.
    pub(super) fn cost(self) -> usize {
        match self {
            Self::Unary(function) if function as u8 >= Unary::Exp as u8 => ELEMENTARY,
            Self::Binary(Binary::Atan2) => ELEMENTARY,
            Self::Ranked { of, .. } => of.into(),
            _ => 1,
        }
    }

    /// Values that it takes from the stack.
    pub(super) fn takes(self) -> usize {
        match self {
            Self::Field(_) | Self::Constant(_) => 0,
            Self::Unary(_) => 1,
            Self::Binary(_) => 2,
            Self::Ranked { of, .. } => of.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_lose_their_whole_turns() {
        let (pi, tau) = (std::f64::consts::PI, std::f64::consts::TAU);
        for (x, expected) in [(0.5, 0.5), (pi, pi), (4.0, 4.0 - tau), (-4.0, tau - 4.0)] {
            assert_eq!(wrap(x), expected);
        }
        assert!(wrap(f64::NAN).is_nan());
    }

    #[test]
    fn what_cannot_be_compared_is_the_second() {
        for function in [Binary::Min, Binary::Max] {
            assert_eq!(function.compute()(f64::NAN, 2.0), 2.0);
            assert!(function.compute()(2.0, f64::NAN).is_nan());
        }
        assert_eq!(Binary::Min.compute()(1.0, 2.0), 1.0);
        assert_eq!(Binary::Max.compute()(1.0, 2.0), 2.0);
    }

    #[test]
    fn codes_and_words_are_of_one_function_each() {
        let unary = Unary::ALL.iter().map(|f| (*f as u8, f.word()));
        let binary = Binary::ALL.iter().map(|f| (*f as u8, f.word()));
        let mut codes: Vec<_> = unary.clone().chain(binary.clone()).map(|(code, _)| code).collect();
        codes.dedup();
        assert!(codes.is_sorted() && codes.len() == Unary::ALL.len() + Binary::ALL.len());
        let mut words: Vec<_> = unary.chain(binary).map(|(_, word)| word).collect();
        words.sort_unstable();
        words.dedup();
        // The sign stands for two.
        assert_eq!(words.len(), codes.len() - 1);
        assert!(Unary::ALL.iter().all(|f| (16..48).contains(&(*f as u8))));
    }
}
