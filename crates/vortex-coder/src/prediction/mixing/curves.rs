//! The logistic curve and its inverse, in integers.
//!
//! Probabilities have 16 bits, 1 to 65,535. Their *stretched* form, `ln(p / (1 - p))`, is in units
//! of 1/256, at most [`STRETCH_LIMIT`] from zero.

/// Largest stretched value, and the negative of the smallest: 12.
pub(super) const STRETCH_LIMIT: i32 = 3072;
/// Steps of a probability that share one stretched value.
const STRETCH_SHIFT: u32 = 4;

/// Both curves as tables.
pub(super) struct Curves {
    /// Indexed by `x + STRETCH_LIMIT`.
    squash: [u16; 2 * STRETCH_LIMIT as usize + 1],
    /// Indexed by `p >> STRETCH_SHIFT`.
    stretch: [i16; 1 << (16 - STRETCH_SHIFT)],
}

/// `exp(-1/256)` in 32 bits of fraction, rounded to nearest.
const DECAY: u64 = 4_278_222_805;

impl Curves {
    pub(super) fn new() -> Box<Self> {
        let n = STRETCH_LIMIT as usize;
        let mut squash = [0; 2 * STRETCH_LIMIT as usize + 1];
        // exp(-x) for x = 0, 1/256, ... in 62 bits of fraction.
        let mut power = 1u128 << 62;
        for x in 0..=n {
            let p = (1u128 << 78) / ((1 << 62) + power);
            let p = u16::try_from(p.clamp(1, 65_535)).expect("clamped");
            squash[n + x] = p;
            squash[n - x] = u16::try_from(65_536 - u32::from(p)).expect("p is at least 1");
            power = (power * u128::from(DECAY)) >> 32;
        }
        let mut stretch = [0; 1 << (16 - STRETCH_SHIFT)];
        let mut x = 0;
        for (i, out) in stretch.iter_mut().enumerate() {
            // The first stretched value whose probability is not below the middle of the step.
            let middle = (i << STRETCH_SHIFT) + (1 << (STRETCH_SHIFT - 1));
            while x < 2 * n && usize::from(squash[x]) < middle {
                x += 1;
            }
            *out = i16::try_from(x).expect("at most 6144") - i16::try_from(n).expect("3072");
        }
        Box::new(Self { squash, stretch })
    }

    /// The probability of a stretched value.
    #[inline(always)]
    pub(super) fn squash(&self, x: i32) -> u32 {
        let at = (x.clamp(-STRETCH_LIMIT, STRETCH_LIMIT) + STRETCH_LIMIT) as usize;
        self.squash[at].into()
    }

    /// The stretched value of a probability.
    #[inline(always)]
    pub(super) fn stretch(&self, p: u32) -> i16 {
        self.stretch[(p >> STRETCH_SHIFT) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_to_the_real_curves() {
        let curves = Curves::new();
        for x in -STRETCH_LIMIT..=STRETCH_LIMIT {
            let exact = 65_536.0 / (1.0 + (-f64::from(x) / 256.0).exp());
            let found = f64::from(curves.squash(x));
            assert!((found - exact.clamp(1.0, 65_535.0)).abs() <= 1.0, "{x}: {found} {exact}");
        }
        for p in [1, 100, 5_000, 32_768, 60_000, 65_000] {
            let exact = (f64::from(p | 8) / f64::from(65_536 - (p | 8))).ln() * 256.0;
            let found = f64::from(curves.stretch(p));
            assert!(
                (found - exact).abs()
                    < 0.02 * exact.abs()
                        + 140.0 / f64::from(p.min(65_536 - p)) * 256.0 / 16.0
                        + 2.0,
                "{p}: {found} {exact}"
            );
        }
    }

    #[test]
    fn both_are_monotone_and_symmetric() {
        let curves = Curves::new();
        assert!((1..65_536u32).all(|p| curves.stretch(p - 1) <= curves.stretch(p)));
        for x in 1..=STRETCH_LIMIT {
            assert!(curves.squash(x) >= curves.squash(x - 1));
            assert_eq!(curves.squash(x) + curves.squash(-x), 65_536);
        }
    }
}
