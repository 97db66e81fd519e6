//! Angles: a first guess by the series of the arctangent, and one Newton step in double-doubles.

use super::double_double::DoubleDouble;
use super::trigonometric::{cosine, sine};
use super::{TINY, power_of_two};

/// The quotient of two floats that is smaller is its own arctangent: no quotient is so close to the middle of two floats.
pub(super) const TINY_RATIO: f64 = power_of_two(-56);
/// Points up to this far away, and from the next on, are taken as they are.
pub(super) const LARGE: f64 = power_of_two(500);
pub(super) const SMALL: f64 = power_of_two(-400);

/// The angle in radians of the point `(x, y)`, from `-pi` to `pi`.
pub(crate) fn atan2(y: f64, x: f64) -> f64 {
    if x.is_nan() || y.is_nan() {
        return f64::NAN;
    }
    let (mut width, mut height) = (x.abs(), y.abs());
    if width.is_infinite() || height.is_infinite() {
        // Finite lengths are nothing beside infinite ones, and those are alike.
        width = if width.is_infinite() { 1.0 } else { 0.0 };
        height = if height.is_infinite() { 1.0 } else { 0.0 };
    } else if width == 0.0 && height == 0.0 {
        // The origin counts as a point of the horizontal axis.
        width = 1.0;
    }
    let factor = scale(width, height);
    let angle = first_quadrant(DoubleDouble::of(height * factor), DoubleDouble::of(width * factor));
    let angle = if x.is_sign_negative() { PI.minus(angle) } else { angle };
    angle.hi.copysign(y)
}

/// The arctangent, from `-pi/2` to `pi/2`.
pub(crate) fn atan(x: f64) -> f64 {
    atan2(x, 1.0)
}

/// The inverse sine, from `-pi/2` to `pi/2`; NaN outside of -1 to 1.
pub(crate) fn asin(x: f64) -> f64 {
    if x.abs() < TINY {
        return x;
    }
    let Some(other) = other_leg(x) else {
        return f64::NAN;
    };
    first_quadrant(DoubleDouble::of(x.abs()), other).hi.copysign(x)
}

/// The inverse cosine, from 0 to `pi`; NaN outside of -1 to 1.
pub(crate) fn acos(x: f64) -> f64 {
    let Some(other) = other_leg(x) else {
        return f64::NAN;
    };
    let angle = first_quadrant(other, DoubleDouble::of(x.abs()));
    if x < 0.0 { PI.minus(angle).hi } else { angle.hi }
}

pub(super) const PI: DoubleDouble = DoubleDouble::HALF_PI.scaled(2.0);

/// A power of two by which no step towards an angle overflows or loses bits.
fn scale(width: f64, height: f64) -> f64 {
    let (smaller, larger) = (width.min(height), width.max(height));
    if smaller < larger * TINY_RATIO {
        // Their quotient is all that is needed.
        1.0
    } else if larger > LARGE {
        power_of_two(-600)
    } else if larger < SMALL {
        power_of_two(600)
    } else {
        1.0
    }
}

/// `sqrt(1 - x^2)`; none outside of -1 to 1.
fn other_leg(x: f64) -> Option<DoubleDouble> {
    let size = x.abs();
    if size < 1.0 { Some(leg(size)) } else { (size == 1.0).then_some(DoubleDouble::ZERO) }
}

/// The same for `x` from 0 to below 1.
#[inline(always)]
pub(super) fn leg(x: f64) -> DoubleDouble {
    DoubleDouble::sum(1.0, -x).times(DoubleDouble::sum(1.0, x)).square_root()
}

/// The angle of the point `(x, y)`; neither is negative, and not both are zero.
fn first_quadrant(y: DoubleDouble, x: DoubleDouble) -> DoubleDouble {
    if y.hi > x.hi { DoubleDouble::HALF_PI.minus(arctangent(x, y)) } else { arctangent(y, x) }
}

/// The arctangent of `y / x`, `0 <= y <= x`.
fn arctangent(y: DoubleDouble, x: DoubleDouble) -> DoubleDouble {
    let ratio = y.hi / x.hi;
    if ratio < TINY_RATIO {
        return DoubleDouble::of(ratio);
    }
    arctangent_of(ratio, y, x)
}

/// The same where the quotient, which is `ratio`, is not tiny.
#[inline(always)]
pub(super) fn arctangent_of(ratio: f64, y: DoubleDouble, x: DoubleDouble) -> DoubleDouble {
    let guess = rough_arctangent(ratio);
    // The tangent of what is missing, the angle between the point and the guess; it is below 2^-26, where a tangent
    // is its angle to 80 bits of the whole.
    let angle = DoubleDouble::of(guess);
    let (sine, cosine) = (sine(angle), cosine(angle));
    let across = y.times(cosine).minus(x.times(sine));
    let along = x.hi * cosine.hi + y.hi * sine.hi;
    DoubleDouble::ordered_sum(guess, across.hi / along)
}

/// The arctangent of at most 1, to 26 bits.
#[inline(always)]
fn rough_arctangent(ratio: f64) -> f64 {
    // The tangent of half the angle is at most tan(pi/8), 0.414.
    let half = ratio / (1.0 + (1.0 + ratio * ratio).sqrt());
    let z = -(half * half);
    let mut sum = 0.0;
    for n in (0..ROUGH.len()).rev() {
        sum = sum * z + ROUGH[n];
    }
    2.0 * half * sum
}

/// `1 / (2n + 1)`.
static ROUGH: [f64; 9] = {
    let (mut coefficients, mut n, mut odd) = ([0.0; 9], 0, 1.0);
    while n < coefficients.len() {
        coefficients[n] = 1.0 / odd;
        n += 1;
        odd += 2.0;
    }
    coefficients
};
