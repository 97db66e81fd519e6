//! The elementary functions of many values at a time.
//!
//! Each function takes the steps of its definition, without branches: where the definition takes one way or another, both are
//! taken, and one result is chosen. So the compiler makes vectors of them. Values on ways that are seldom taken go through the
//! definition. All is inlined, without closures that may stay calls, so that it is compiled for the instructions of whoever calls
//! it.

// Indices are what the compiler makes vectors of.
#![allow(clippy::needless_range_loop)]

use super::double_double::DoubleDouble;
use super::series::{EVEN_FACTORIALS, ODD_FACTORIALS};
use super::{TINY, arctangent, exponential, hyperbolic, logarithm, trigonometric};

/// How many values.
pub(crate) const BATCH: usize = 64;

/// Values of a number of records that follow each other.
pub(crate) type Batch = [f64; BATCH];

/// A function of each.
#[inline(always)]
pub(crate) fn map(x: &Batch, function: impl Fn(f64) -> f64) -> Batch {
    let mut out = [0.0; BATCH];
    for i in 0..BATCH {
        out[i] = function(x[i]);
    }
    out
}

/// A function of each two.
#[inline(always)]
pub(crate) fn zip(a: &Batch, b: &Batch, function: impl Fn(f64, f64) -> f64) -> Batch {
    let mut out = [0.0; BATCH];
    for i in 0..BATCH {
        out[i] = function(a[i], b[i]);
    }
    out
}

/// An elementary function of one value.
pub(crate) trait Function {
    /// Whether [`Self::usual`] is the function.
    fn is_usual(x: f64) -> bool;
    /// The function of usual values, without branches.
    fn usual(x: f64) -> f64;
    /// The function.
    fn definition(x: f64) -> f64;
}

/// A function of each.
#[inline(always)]
pub(crate) fn of_each<F: Function>(x: &Batch) -> Batch {
    let mut out = [0.0; BATCH];
    for i in 0..BATCH {
        out[i] = F::usual(x[i]);
    }
    let mut all = true;
    for &x in x {
        all &= F::is_usual(x);
    }
    if !all {
        for (out, &x) in out.iter_mut().zip(x) {
            if !F::is_usual(x) {
                *out = F::definition(x);
            }
        }
    }
    out
}

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident = $definition:path, |$x:ident| $is_usual:expr, $usual:block)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl Function for $name {
            #[inline(always)]
            fn is_usual($x: f64) -> bool {
                $is_usual
            }
            #[inline(always)]
            fn usual($x: f64) -> f64 {
                $usual
            }
            #[inline(never)]
            fn definition($x: f64) -> f64 {
                $definition($x)
            }
        }
    )*};
}

functions! {
    /// The exponential function.
    Exp = super::exp, |x| x.abs() < 700.0, {
        let (value, k) = exponential::exponential(x);
        exponential::normal(value, k)
    }

    /// The natural logarithm.
    Log = super::log, |x| (f64::MIN_POSITIVE..f64::INFINITY).contains(&x), {
        let (m, k) = logarithm::significand(x);
        logarithm::logarithm(DoubleDouble::of(m), k).hi
    }

    /// The sine.
    Sin = super::sin, |x| (x.abs() >= TINY) & (x.abs() < trigonometric::LIMIT), { turned(x, 0) }

    /// The cosine.
    Cos = super::cos, |x| x.abs() < trigonometric::LIMIT, { turned(x, 1) }

    /// The hyperbolic sine.
    Sinh = super::sinh, |x| (x.abs() >= TINY) & (x.abs() < hyperbolic::LARGE), {
        let size = x.abs();
        let z = DoubleDouble::product(size, size);
        let small = DoubleDouble::of(size).times(ODD_FACTORIALS.at(z)).hi;
        let growing = hyperbolic::halved_power(size);
        let large = growing.minus(DoubleDouble::of(0.25).over(growing)).hi;
        let value = if size < hyperbolic::SMALL { small } else { large };
        value.copysign(x)
    }

    /// The hyperbolic cosine.
    Cosh = super::cosh, |x| x.abs() < hyperbolic::LARGE, {
        let growing = hyperbolic::halved_power(x.abs());
        growing.plus(DoubleDouble::of(0.25).over(growing)).hi
    }

    /// The hyperbolic tangent.
    Tanh = super::tanh, |x| (x.abs() >= TINY) & (x.abs() < hyperbolic::NEARLY_ONE), {
        let size = x.abs();
        let z = DoubleDouble::product(size, size);
        let odd = DoubleDouble::of(size).times(ODD_FACTORIALS.at(z));
        let small = odd.over(EVEN_FACTORIALS.at(z)).hi;
        let half = hyperbolic::halved_power(2.0 * size);
        let rest = DoubleDouble::ONE.over(half.plus(DoubleDouble::of(0.5)));
        let large = DoubleDouble::ONE.minus(rest).hi;
        let value = if size < hyperbolic::SMALL { small } else { large };
        value.copysign(x)
    }

    /// The inverse of the hyperbolic sine.
    Asinh = super::asinh, |x| (x.abs() >= TINY) & (x.abs() < logarithm::LARGE), {
        let size = DoubleDouble::of(x.abs());
        let square = DoubleDouble::product(size.hi, size.hi);
        let root = square.plus(DoubleDouble::ONE).square_root();
        let power = size.plus(root);
        let (m, k) = logarithm::significand(power.hi);
        let m = DoubleDouble { hi: m, lo: power.lo * super::power_of_two(-k) };
        let small = size.hi < logarithm::SMALL;
        let over = choice(small, size, m.minus(DoubleDouble::ONE));
        let under = choice(small, root, m).plus(DoubleDouble::ONE);
        let value = logarithm::twice_artanh(over.over(under));
        choice(small, value, logarithm::with_power(value, k)).hi.copysign(x)
    }

    /// The inverse of the cosine.
    Acos = super::acos, |x| (x.abs() >= TINY) & (x.abs() < 1.0), {
        let angle = first_quadrant(arctangent::leg(x.abs()), DoubleDouble::of(x.abs()));
        choice(x < 0.0, arctangent::PI.minus(angle), angle).hi
    }

    /// The inverse of the sine.
    Asin = super::asin, |x| (x.abs() >= TINY) & (x.abs() < 1.0), {
        first_quadrant(DoubleDouble::of(x.abs()), arctangent::leg(x.abs())).hi.copysign(x)
    }
}

/// [`super::atan2`] of each two.
#[inline(always)]
pub(crate) fn atan2(y: &Batch, x: &Batch) -> Batch {
    let mut out = [0.0; BATCH];
    for i in 0..BATCH {
        out[i] = usual_atan2(y[i], x[i]);
    }
    let mut all = true;
    for i in 0..BATCH {
        all &= is_usual_point(y[i], x[i]);
    }
    if !all {
        for i in 0..BATCH {
            if !is_usual_point(y[i], x[i]) {
                out[i] = super::atan2(y[i], x[i]);
            }
        }
    }
    out
}

/// [`super::atan`] of each.
#[inline(always)]
pub(crate) fn atan(x: &Batch) -> Batch {
    atan2(x, &[1.0; BATCH])
}

/// The sine of an angle and some quarters of a turn.
#[inline(always)]
fn turned(x: f64, quarters: i64) -> f64 {
    let (k, r) = trigonometric::nearest_quarter(x);
    let k = k + quarters;
    let (sine, cosine) = (trigonometric::sine(r).hi, trigonometric::cosine(r).hi);
    let value = if k & 1 == 0 { sine } else { cosine };
    if k & 2 == 0 { value } else { -value }
}

/// Whether neither coordinate is tiny beside the other, and the larger one neither huge nor tiny.
#[inline(always)]
fn is_usual_point(y: f64, x: f64) -> bool {
    let (height, width) = (y.abs(), x.abs());
    let steep = height > width;
    let (smaller, larger) =
        (if steep { width } else { height }, if steep { height } else { width });
    (smaller >= larger * arctangent::TINY_RATIO)
        & (arctangent::SMALL..=arctangent::LARGE).contains(&larger)
}

#[inline(always)]
fn usual_atan2(y: f64, x: f64) -> f64 {
    let angle = first_quadrant(DoubleDouble::of(y.abs()), DoubleDouble::of(x.abs()));
    choice(x.is_sign_negative(), arctangent::PI.minus(angle), angle).hi.copysign(y)
}

/// The angle of the point `(x, y)`; neither is negative, and neither is tiny beside the other.
#[inline(always)]
fn first_quadrant(y: DoubleDouble, x: DoubleDouble) -> DoubleDouble {
    let steep = y.hi > x.hi;
    let (smaller, larger) = (choice(steep, x, y), choice(steep, y, x));
    let angle = arctangent::arctangent_of(smaller.hi / larger.hi, smaller, larger);
    choice(steep, DoubleDouble::HALF_PI.minus(angle), angle)
}

#[inline(always)]
fn choice(first: bool, a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
    let (hi, lo) = (if first { a.hi } else { b.hi }, if first { a.lo } else { b.lo });
    DoubleDouble { hi, lo }
}
