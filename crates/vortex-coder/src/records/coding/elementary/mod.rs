//! Elementary functions of `f64` with the same bits on every machine, for laws between fields.
//!
//! They are built from the IEEE 754 operations that every target rounds alike: add, subtract, multiply, divide and
//! square root; the platform's functions and fused multiply-adds are not used. Inside, values are
//! [double-doubles](double_double), so that nearly every result is the correctly rounded one.
//! The section *Elementary functions* of `docs/numerics.md` is this folder operation by operation.
//!
//! [`batch`] has the same functions for many values at a time.
//!
//! Special values are those of C99, Annex F. Which NaN a NaN is, is not specified.

mod arctangent;
pub(super) mod batch;
mod double_double;
mod exponential;
mod hyperbolic;
mod logarithm;
mod series;
mod trigonometric;

#[cfg(test)]
mod tests;

pub(crate) use arctangent::{acos, asin, atan, atan2};
pub(crate) use exponential::exp;
pub(crate) use hyperbolic::{cosh, sinh, tanh};
pub(crate) use logarithm::{asinh, log};
pub(crate) use trigonometric::{cos, sin};

/// Below this, `x` is the nearest number to every odd function of `x` here: they differ by `x^3 / 2` at most.
const TINY: f64 = power_of_two(-28);

/// `2^k`, `-1022 <= k <= 1023`.
#[inline(always)]
const fn power_of_two(k: i64) -> f64 {
    f64::from_bits((k + 1023).cast_unsigned() << 52)
}

/// The integer nearest to `x`, as a float and as an integer; `|x| < 2^51`.
#[inline(always)]
fn nearest_integer(x: f64) -> (f64, i64) {
    // Where the last place counts ones, and a few signs do not matter.
    const SHIFT: f64 = 1.5 * power_of_two(52);
    let shifted = x + SHIFT;
    let integer = shifted.to_bits().wrapping_sub(SHIFT.to_bits()).cast_signed();
    (shifted - SHIFT, integer)
}
