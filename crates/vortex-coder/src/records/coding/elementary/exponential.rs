//! The exponential function: `exp x = 2^k exp r`, where `|r|` is at most half of `ln 2`.

use super::double_double::DoubleDouble;
use super::series::FACTORIALS;
use super::{nearest_integer, power_of_two};

/// `ln 2` as a sum; the first two have 42 significant bits, so that their products with exponents are exact.
pub(super) const LN_2: [f64; 3] = [
    f64::from_bits(0x3fe6_2e42_fefa_3800),
    f64::from_bits(0x3d2e_f357_93c7_6800),
    f64::from_bits(0xba59_ff03_4254_2fc3),
];
/// `1 / ln 2`.
const PER_LN_2: f64 = f64::from_bits(0x3ff7_1547_652b_82fe);

/// `e^x`. Infinity beyond the largest float, zero below half of the smallest.
pub(crate) fn exp(x: f64) -> f64 {
    if x > 710.0 {
        return f64::INFINITY;
    }
    if x < -746.0 {
        return 0.0;
    }
    if x.is_nan() {
        return x;
    }
    let (value, k) = exponential(x);
    rounded(value, k)
}

/// `e^x` as `value 2^k`, `0.7 < value < 1.42`; `|x| < 1000`.
#[inline(always)]
pub(super) fn exponential(x: f64) -> (DoubleDouble, i64) {
    let (n, k) = nearest_integer(x * PER_LN_2);
    let rest = DoubleDouble::sum(x - n * LN_2[0], -(n * LN_2[1]));
    let r = DoubleDouble::sum(rest.hi, rest.lo - n * LN_2[2]);
    (FACTORIALS.at(r), k)
}

/// `value 2^k` as the nearest float, `0.7 < value < 1.42` and `-1100 < k < 1100`.
pub(super) fn rounded(value: DoubleDouble, k: i64) -> f64 {
    if k < -1021 {
        // In units of the smallest float, at most 2^53.
        let units = value.scaled(power_of_two(k + 1074));
        let smallest_normal = power_of_two(52);
        if units.hi < smallest_normal {
            // The last place of the sum counts units, so that the sum is rounded where the result must be.
            let sum = DoubleDouble::ordered_sum(smallest_normal, units.hi);
            let sum = sum.hi + (sum.lo + units.lo);
            return (sum - smallest_normal) * f64::from_bits(1);
        }
    }
    normal(value, k)
}

/// The same where it is no subnormal number.
#[inline(always)]
pub(super) fn normal(value: DoubleDouble, k: i64) -> f64 {
    let half = k >> 1;
    value.hi * power_of_two(half) * power_of_two(k - half)
}
