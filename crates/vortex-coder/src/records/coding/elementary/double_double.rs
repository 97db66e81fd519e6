//! Sums of two floats: some 106 bits of precision from the operations of `f64`.
//!
//! T. J. Dekker, "A floating-point technique for extending the available precision", Numer. Math. 18 (1971).

/// The unevaluated sum `hi + lo`; `hi` is the sum rounded to `f64`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct DoubleDouble {
    pub(super) hi: f64,
    pub(super) lo: f64,
}

impl DoubleDouble {
    pub(super) const ZERO: Self = Self::of(0.0);
    pub(super) const ONE: Self = Self::of(1.0);
    pub(super) const HALF_PI: Self = Self {
        hi: f64::from_bits(0x3ff9_21fb_5444_2d18),
        lo: f64::from_bits(0x3c91_a626_3314_5c07),
    };

    #[inline(always)]
    pub(super) const fn of(value: f64) -> Self {
        Self { hi: value, lo: 0.0 }
    }

    /// `1 / n` for a whole `n`.
    #[inline(always)]
    pub(super) const fn reciprocal(n: f64) -> Self {
        let hi = 1.0 / n;
        let product = Self::product(n, hi);
        Self { hi, lo: ((1.0 - product.hi) - product.lo) / n }
    }

    /// `a + b` exactly (Knuth).
    #[inline(always)]
    pub(super) const fn sum(a: f64, b: f64) -> Self {
        let hi = a + b;
        let of_b = hi - a;
        Self { hi, lo: (a - (hi - of_b)) + (b - of_b) }
    }

    /// `a + b` exactly where `|a| >= |b|`, or `a` is zero and so is `b`.
    #[inline(always)]
    pub(super) const fn ordered_sum(a: f64, b: f64) -> Self {
        let hi = a + b;
        Self { hi, lo: b - (hi - a) }
    }

    /// `a b` exactly, unless it leaves the exponents of `f64` (Veltkamp, Dekker).
    #[inline(always)]
    pub(super) const fn product(a: f64, b: f64) -> Self {
        let (a_hi, a_lo) = halves(a);
        let (b_hi, b_lo) = halves(b);
        let hi = a * b;
        Self { hi, lo: (((a_hi * b_hi - hi) + a_hi * b_lo) + a_lo * b_hi) + a_lo * b_lo }
    }

    #[inline(always)]
    pub(super) const fn negated(self) -> Self {
        Self { hi: -self.hi, lo: -self.lo }
    }

    /// Times `factor`, a power of two: exact where nothing overflows or becomes subnormal.
    #[inline(always)]
    pub(super) const fn scaled(self, factor: f64) -> Self {
        Self { hi: self.hi * factor, lo: self.lo * factor }
    }

    #[inline(always)]
    pub(super) const fn plus(self, other: Self) -> Self {
        let sum = Self::sum(self.hi, other.hi);
        Self::ordered_sum(sum.hi, sum.lo + (self.lo + other.lo))
    }

    #[inline(always)]
    pub(super) const fn minus(self, other: Self) -> Self {
        self.plus(other.negated())
    }

    #[inline(always)]
    pub(super) const fn times(self, other: Self) -> Self {
        let product = Self::product(self.hi, other.hi);
        let cross = self.hi * other.lo + self.lo * other.hi;
        Self::ordered_sum(product.hi, product.lo + cross)
    }

    #[inline(always)]
    pub(super) const fn over(self, other: Self) -> Self {
        let quotient = self.hi / other.hi;
        let product = Self::product(quotient, other.hi);
        let rest = (((self.hi - product.hi) - product.lo) + self.lo) - quotient * other.lo;
        Self::ordered_sum(quotient, rest / other.hi)
    }

    /// The square root of a positive number.
    #[inline(always)]
    pub(super) fn square_root(self) -> Self {
        let root = self.hi.sqrt();
        let square = Self::product(root, root);
        let rest = ((self.hi - square.hi) - square.lo) + self.lo;
        Self::ordered_sum(root, rest / (2.0 * root))
    }
}

/// `a` as the sum of two numbers of at most 26 significant bits each.
#[inline(always)]
const fn halves(a: f64) -> (f64, f64) {
    let scaled = 134_217_729.0 * a; // 2^27 + 1
    let hi = scaled - (scaled - a);
    (hi, a - hi)
}
