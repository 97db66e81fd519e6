//! Power series with reciprocals of whole numbers as coefficients.

use super::double_double::DoubleDouble;

/// `sum_n c_n z^n`: the first coefficients as double-doubles, the others as floats, which is all that counts of them
/// for the `z` in use.
pub(super) struct Series<const LEADING: usize, const TAIL: usize> {
    leading: [DoubleDouble; LEADING],
    tail: [f64; TAIL],
}

/// `c_n = 1 / n!`: `exp z`, for `|z| < 0.35`.
pub(super) static FACTORIALS: Series<8, 10> = Series::of_factorials(0, 1);
/// `c_n = 1 / (2n)!`: `cosh r` of `z = r^2`, `cos r` of `z = -r^2`; for `|z| < 0.62`.
pub(super) static EVEN_FACTORIALS: Series<5, 7> = Series::of_factorials(0, 2);
/// `c_n = 1 / (2n + 1)!`: `sinh(r) / r` of `z = r^2`, `sin(r) / r` of `z = -r^2`; for `|z| < 0.62`.
pub(super) static ODD_FACTORIALS: Series<5, 6> = Series::of_factorials(1, 2);
/// `c_n = 1 / (2n + 1)`: `artanh(s) / s` of `z = s^2`; for `|z| < 0.03`.
pub(super) static ODD_NUMBERS: Series<5, 10> = Series::of_odd_numbers();

impl<const LEADING: usize, const TAIL: usize> Series<LEADING, TAIL> {
    const fn of_factorials(first: usize, step: usize) -> Self {
        let mut series = Self { leading: [DoubleDouble::ZERO; LEADING], tail: [0.0; TAIL] };
        let mut n = 0;
        while n < LEADING + TAIL {
            series.set(n, factorial(first + step * n));
            n += 1;
        }
        series
    }

    const fn of_odd_numbers() -> Self {
        let mut series = Self { leading: [DoubleDouble::ZERO; LEADING], tail: [0.0; TAIL] };
        let (mut n, mut odd) = (0, 1.0);
        while n < LEADING + TAIL {
            series.set(n, odd);
            n += 1;
            odd += 2.0;
        }
        series
    }

    const fn set(&mut self, n: usize, denominator: f64) {
        if n < LEADING {
            self.leading[n] = DoubleDouble::reciprocal(denominator);
        } else {
            self.tail[n - LEADING] = 1.0 / denominator;
        }
    }

    /// The sum at `z`: a Horner scheme that carries the errors of its roundings along (Graillat, Langlois and
    /// Louvet, "Algorithms for accurate, validated and fast polynomial evaluation", 2009).
    #[inline(always)]
    pub(super) fn at(&self, z: DoubleDouble) -> DoubleDouble {
        // Loops, because a closure may stay a call.
        let mut tail = 0.0;
        for n in (0..TAIL).rev() {
            tail = tail * z.hi + self.tail[n];
        }
        let mut sum = DoubleDouble::of(tail);
        for n in (0..LEADING).rev() {
            let c = self.leading[n];
            let product = DoubleDouble::product(sum.hi, z.hi);
            let next = DoubleDouble::ordered_sum(c.hi, product.hi);
            let rounding = (next.lo + product.lo) + (sum.hi * z.lo + c.lo);
            sum = DoubleDouble { hi: next.hi, lo: sum.lo * z.hi + rounding };
        }
        DoubleDouble::ordered_sum(sum.hi, sum.lo)
    }
}

/// `1 * 2 * ... * n`, exact to 22!, then rounded at each multiplication.
const fn factorial(n: usize) -> f64 {
    let (mut product, mut factor, mut i) = (1.0, 1.0, 0);
    while i < n {
        product *= factor;
        factor += 1.0;
        i += 1;
    }
    product
}
