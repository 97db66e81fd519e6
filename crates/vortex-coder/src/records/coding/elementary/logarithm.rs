//! The natural logarithm, and the inverse of the hyperbolic sine: `log m = 2 artanh((m - 1) / (m + 1))`.

use super::double_double::DoubleDouble;
use super::exponential::LN_2;
use super::series::ODD_NUMBERS;
use super::{TINY, power_of_two};

/// Up to here, the inverse of the hyperbolic sine is computed from the half angle.
pub(super) const SMALL: f64 = 0.35;
/// From here, the root of `1 + x^2` is `x`.
pub(super) const LARGE: f64 = power_of_two(45);

/// The natural logarithm. Minus infinity at zero, NaN below.
pub(crate) fn log(x: f64) -> f64 {
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if x < 0.0 {
        return f64::NAN;
    }
    // NaN too.
    if !x.is_finite() {
        return x;
    }
    let (m, k) = significand(x);
    logarithm(DoubleDouble::of(m), k).hi
}

/// The inverse of the hyperbolic sine.
pub(crate) fn asinh(x: f64) -> f64 {
    let size = x.abs();
    if size < TINY || !size.is_finite() {
        return x;
    }
    let value = if size < LARGE {
        let square = DoubleDouble::product(size, size);
        let root = square.plus(DoubleDouble::ONE).square_root();
        let size = DoubleDouble::of(size);
        if size.hi < SMALL {
            // The half angle: tanh(a / 2) = sinh a / (1 + cosh a).
            twice_artanh(size.over(root.plus(DoubleDouble::ONE)))
        } else {
            let power = size.plus(root);
            let (m, k) = significand(power.hi);
            logarithm(DoubleDouble { hi: m, lo: power.lo * power_of_two(-k) }, k)
        }
    } else {
        // The root is x.
        let (m, k) = significand(size);
        logarithm(DoubleDouble::of(m), k + 1)
    };
    value.hi.copysign(x)
}

/// A positive finite `x` as `m 2^k`, `m` between the root of one half and the root of two.
#[inline(always)]
pub(super) fn significand(x: f64) -> (f64, i64) {
    const FRACTION: u64 = (1 << 52) - 1;
    let subnormal = x < power_of_two(-1022);
    let bits = if subnormal { x * power_of_two(54) } else { x }.to_bits();
    let exponent = (bits >> 52).cast_signed() - if subnormal { 1023 + 54 } else { 1023 };
    let m = f64::from_bits(bits & FRACTION | 1023 << 52);
    if m > std::f64::consts::SQRT_2 { (0.5 * m, exponent + 1) } else { (m, exponent) }
}

/// The logarithm of `m 2^k`, for an `m` as [`significand`] gives them.
#[inline(always)]
pub(super) fn logarithm(m: DoubleDouble, k: i64) -> DoubleDouble {
    let numerator = m.minus(DoubleDouble::ONE);
    with_power(twice_artanh(numerator.over(m.plus(DoubleDouble::ONE))), k)
}

/// The logarithm of `m 2^k`, of that of `m`.
#[inline(always)]
pub(super) fn with_power(of_m: DoubleDouble, k: i64) -> DoubleDouble {
    let n = k as f64; // exact: 12 bits
    let of_power = DoubleDouble::ordered_sum(n * LN_2[0], n * LN_2[1]);
    let of_power = DoubleDouble { hi: of_power.hi, lo: of_power.lo + n * LN_2[2] };
    of_power.plus(of_m)
}

/// `2 artanh s`, `|s| < 0.172`.
#[inline(always)]
pub(super) fn twice_artanh(s: DoubleDouble) -> DoubleDouble {
    let series = ODD_NUMBERS.at(s.times(s));
    s.times(series).scaled(2.0)
}
