//! Hyperbolic functions from the exponential, and near zero from their series.

use super::double_double::DoubleDouble;
use super::exponential::{exponential, rounded};
use super::series::{EVEN_FACTORIALS, ODD_FACTORIALS};
use super::{TINY, power_of_two};

/// Up to here the series serve.
pub(super) const SMALL: f64 = 0.5;
/// From here, `e^-x` is nothing beside `e^x`.
pub(super) const LARGE: f64 = 40.0;
/// From here, the hyperbolic tangent is 1.
pub(super) const NEARLY_ONE: f64 = 22.0;
/// From here, the results are out of range.
const OUT_OF_RANGE: f64 = 711.0;

/// The hyperbolic sine.
pub(crate) fn sinh(x: f64) -> f64 {
    let size = x.abs();
    // NaN too goes this way.
    if size < TINY || !size.is_finite() {
        return x;
    }
    let value = if size < SMALL {
        let z = DoubleDouble::product(size, size);
        DoubleDouble::of(size).times(ODD_FACTORIALS.at(z)).hi
    } else if size < LARGE {
        let growing = halved_power(size);
        growing.minus(DoubleDouble::of(0.25).over(growing)).hi
    } else {
        halved_large_power(size)
    };
    value.copysign(x)
}

/// The hyperbolic cosine.
pub(crate) fn cosh(x: f64) -> f64 {
    let size = x.abs();
    if !size.is_finite() {
        return size;
    }
    if size < LARGE {
        let growing = halved_power(size);
        growing.plus(DoubleDouble::of(0.25).over(growing)).hi
    } else {
        halved_large_power(size)
    }
}

/// The hyperbolic tangent.
pub(crate) fn tanh(x: f64) -> f64 {
    let size = x.abs();
    if size < TINY || size.is_nan() {
        return x;
    }
    let value = if size < SMALL {
        let z = DoubleDouble::product(size, size);
        DoubleDouble::of(size).times(ODD_FACTORIALS.at(z)).over(EVEN_FACTORIALS.at(z)).hi
    } else if size < NEARLY_ONE {
        // 1 - 2 / (e^2x + 1)
        let half = halved_power(2.0 * size);
        DoubleDouble::ONE.minus(DoubleDouble::ONE.over(half.plus(DoubleDouble::of(0.5)))).hi
    } else {
        1.0
    };
    value.copysign(x)
}

/// `e^x / 2`, `0 <= x < 44`.
#[inline(always)]
pub(super) fn halved_power(x: f64) -> DoubleDouble {
    let (value, k) = exponential(x);
    value.scaled(power_of_two(k - 1))
}

/// `e^x / 2` as a float.
fn halved_large_power(x: f64) -> f64 {
    if x > OUT_OF_RANGE {
        return f64::INFINITY;
    }
    let (value, k) = exponential(x);
    rounded(value, k - 1)
}
