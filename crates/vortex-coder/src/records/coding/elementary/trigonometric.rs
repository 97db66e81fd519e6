//! Sine and cosine of radians: `x = k pi/2 + r`, where `|r|` is at most `pi/4`.

use super::double_double::DoubleDouble;
use super::series::{EVEN_FACTORIALS, ODD_FACTORIALS};
use super::{TINY, nearest_integer, power_of_two};

/// `pi / 2` as a sum; the first three have 33 significant bits, so that their products with 20 bits are exact.
const HALF_PI: [f64; 4] = [
    f64::from_bits(0x3ff9_21fb_5440_0000),
    f64::from_bits(0x3dd0_b461_1a60_0000),
    f64::from_bits(0x3ba3_198a_2e00_0000),
    f64::from_bits(0x397b_839a_2520_49c1),
];
/// `2 / pi`.
const PER_HALF_PI: f64 = f64::from_bits(0x3fe4_5f30_6dc9_c883);
/// No angles from here on: 2^20.
pub(super) const LIMIT: f64 = power_of_two(20);

/// The sine; NaN unless `|x| < 2^20`.
pub(crate) fn sin(x: f64) -> f64 {
    if x.abs() < TINY {
        return x;
    }
    quarter_turns(x).map_or(f64::NAN, |(k, r)| turned(k, r))
}

/// The cosine; NaN unless `|x| < 2^20`.
pub(crate) fn cos(x: f64) -> f64 {
    quarter_turns(x).map_or(f64::NAN, |(k, r)| turned(k + 1, r))
}

/// The sine of `r` and `k` quarters of a turn.
fn turned(k: i64, r: DoubleDouble) -> f64 {
    let value = if k & 1 == 0 { sine(r) } else { cosine(r) }.hi;
    if k & 2 == 0 { value } else { -value }
}

/// `k` and `r`; none for an `x` that is no angle.
fn quarter_turns(x: f64) -> Option<(i64, DoubleDouble)> {
    if x.is_nan() || x.abs() >= LIMIT {
        return None;
    }
    Some(nearest_quarter(x))
}

/// `k` and `r` of an angle.
#[inline(always)]
pub(super) fn nearest_quarter(x: f64) -> (i64, DoubleDouble) {
    let (n, k) = nearest_integer(x * PER_HALF_PI);
    // Close to a multiple of pi/2, each part may be what remains of those before it.
    let first = DoubleDouble::sum(x - n * HALF_PI[0], -(n * HALF_PI[1]));
    let second = DoubleDouble::sum(first.lo, -(n * HALF_PI[2]));
    let rest = DoubleDouble::sum(first.hi, second.hi);
    let r = DoubleDouble::sum(rest.hi, rest.lo + (second.lo - n * HALF_PI[3]));
    (k, r)
}

/// The sine of at most an eighth of a turn.
#[inline(always)]
pub(super) fn sine(r: DoubleDouble) -> DoubleDouble {
    r.times(ODD_FACTORIALS.at(r.times(r).negated()))
}

/// The cosine of at most an eighth of a turn.
#[inline(always)]
pub(super) fn cosine(r: DoubleDouble) -> DoubleDouble {
    EVEN_FACTORIALS.at(r.times(r).negated())
}
