//! Forecasts of whole numbers: a logistic distribution around the value that a simple rule expects,
//! with a width from the rule's recent errors.

use super::curves::Curves;

/// Bits of fraction of a scale.
const SCALE_BITS: u32 = 4;
const LEAST_SCALE: i64 = 4;
const FIRST_SCALE: i64 = 1 << 30;
/// Larger errors count as this.
const LARGEST_ERROR: u64 = 1 << 52;
/// Largest distance between a number and a forecast; larger distances count as this.
const LARGEST_DISTANCE: i64 = 1 << 36;
/// The stretched probability far out in a tail.
const TAIL: i16 = 1024;

/// Space for the forecasts of all rules; more than there are, so that a register is full.
const LANES: usize = 8;

/// The forecasts of all rules for the next number.
#[derive(Clone, Copy, Default)]
pub(super) struct Forecasts {
    /// The expected numbers.
    centers: [i64; LANES],
    /// 2^24 divided by the scales of the distributions; 0 for no forecast.
    inverses: [i64; LANES],
}

/// The recent errors of a rule.
#[derive(Clone, Copy)]
pub(super) struct Spread {
    /// Scale of the logistic distribution, with [`SCALE_BITS`] of fraction.
    scale: i64,
}

impl Default for Spread {
    fn default() -> Self {
        Self { scale: FIRST_SCALE }
    }
}

impl Spread {
    fn inverse(self) -> i64 {
        (1 << (24 + SCALE_BITS)) / self.scale
    }

    /// log2 of the scale with its fraction.
    pub(super) fn level(self) -> u32 {
        self.scale.ilog2()
    }

    /// Updates the scale with the distance between a forecast and the number.
    pub(super) fn learn(&mut self, error: u64) {
        // The mean distance from the middle is 2 ln 2 = 1.386 times the scale, and 16 / 1.386 is 11.5.
        let error = error.min(LARGEST_ERROR).cast_signed() * 23 / 2;
        self.scale = (self.scale + ((error - self.scale) >> 3)).max(LEAST_SCALE);
    }
}

impl Forecasts {
    /// The forecasts of rules with these spreads and expected numbers.
    pub(super) fn new(spreads: &[Spread], expected: impl IntoIterator<Item = u64>) -> Self {
        let mut forecasts = Self::default();
        let Self { centers, inverses } = &mut forecasts;
        let lanes = centers.iter_mut().zip(inverses).zip(spreads.iter().zip(expected));
        for ((center, inverse), (spread, expected)) in lanes {
            (*center, *inverse) = (expected.cast_signed(), spread.inverse());
        }
        forecasts
    }

    /// The distributions at a number.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)] // clamped, and `try_from` is not vectorised
    fn at(&self, curves: &Curves, number: i64) -> Edge {
        let mut edge = Edge::default();
        for (x, (center, inverse)) in edge.x.iter_mut().zip(self.centers.iter().zip(self.inverses))
        {
            let distance = (number - center).clamp(-LARGEST_DISTANCE, LARGEST_DISTANCE);
            *x = ((distance * inverse) >> 16).clamp(-4096, 4096) as i32;
        }
        // Loops, because `map` and `from_fn` are not always compiled into this function.
        for (p, x) in edge.p.iter_mut().zip(edge.x) {
            *p = curves.squash(x);
        }
        edge
    }
}

/// The distributions of all forecasts at one number.
#[derive(Clone, Copy, Default)]
struct Edge {
    /// Distance from the expected number in units of 1/256 of the scale, at most 4096 from zero.
    x: [i32; LANES],
    /// Probability of a smaller number, in 16 bits.
    p: [u32; LANES],
}

/// The numbers that are still possible, and the distributions at both ends.
pub(super) struct Interval {
    low: i64,
    start: Edge,
    middle: Edge,
    end: Edge,
}

impl Interval {
    /// The numbers `low .. low + n`.
    #[inline(always)]
    pub(super) fn new(forecasts: &Forecasts, curves: &Curves, low: i64, n: i64) -> Self {
        let [start, end] = [low, low + n].map(|number| forecasts.at(curves, number));
        Self { low, start, middle: start, end }
    }

    /// Stretched probabilities that a number of the interval, which has `2 half` numbers, is in the upper half.
    #[inline(always)]
    pub(super) fn stretched(
        &mut self,
        forecasts: &Forecasts,
        curves: &Curves,
        half: i64,
    ) -> [i16; LANES] {
        self.middle = forecasts.at(curves, self.low + half);
        let Self { start, middle, end, .. } = self;
        let mut stretched = [0; LANES];
        for (i, stretched) in stretched.iter_mut().enumerate() {
            let whole = end.p[i] - start.p[i];
            *stretched = if whole >= 2 {
                let p = ((end.p[i] - middle.p[i]) << 16) / whole;
                curves.stretch(p.clamp(16, 65_519))
            } else if forecasts.inverses[i] == 0 {
                0
            } else if end.x[i] <= 0 {
                // Far out in a tail, the half nearer to the expected number is more probable.
                TAIL
            } else if start.x[i] >= 0 {
                -TAIL
            } else {
                0
            };
        }
        stretched
    }

    /// Continues with the upper half of the interval of `2 half` numbers if `upper` is 1, otherwise with the lower one.
    #[inline(always)]
    pub(super) fn take(&mut self, upper: u32, half: i64) {
        if upper == 1 {
            self.low += half;
            self.start = self.middle;
        } else {
            self.end = self.middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What one forecast says about the numbers `low .. low + 2 half`.
    fn stretched(spread: Spread, expected: u64, low: i64, half: i64) -> i16 {
        let curves = Curves::new();
        let forecasts = Forecasts::new(&[spread], [expected]);
        let mut interval = Interval::new(&forecasts, &curves, low, 2 * half);
        let [first, rest @ ..] = interval.stretched(&forecasts, &curves, half);
        assert_eq!(rest, [0; LANES - 1], "no forecasts");
        first
    }

    #[test]
    fn the_half_with_the_forecast_is_the_likelier_one() {
        let mut spread = Spread::default();
        (0..200).for_each(|_| spread.learn(10));
        assert!(stretched(spread, 1000, 512, 256) > 300);
        assert!(stretched(spread, 1000, 992, 64) < -300);
        assert!(stretched(spread, 1000, 984, 16).abs() < 20);
        assert_eq!(stretched(spread, 1000, 0, 4), TAIL);
        assert_eq!(stretched(spread, 1000, 1 << 40, 4), -TAIL);
        let unknown = Spread { scale: i64::MAX };
        assert_eq!(stretched(unknown, 1000, 0, 4), 0);
    }

    #[test]
    fn an_interval_that_shrinks_is_like_a_new_one() {
        let curves = Curves::new();
        let mut spreads = [Spread::default(); 6];
        for (error, spread) in (0..).map(|i| 5u64.pow(2 * i)).zip(&mut spreads) {
            (0..200).for_each(|_| spread.learn(error));
        }
        for number in [0u64, 1, 127, 128, 70_000, 0x8000_0000, 0xbfff_ffff, 0xffff_ffff] {
            let expected = [0, 130, 69_000, number, 0x8000_0001, 0xffff_ffff];
            let forecasts = Forecasts::new(&spreads, expected);
            let mut interval = Interval::new(&forecasts, &curves, 0, 1 << 32);
            let mut low = 0;
            for bit in (0..32).rev() {
                let half = 1 << bit;
                let fresh = Interval::new(&forecasts, &curves, low, 2 * half)
                    .stretched(&forecasts, &curves, half);
                assert_eq!(interval.stretched(&forecasts, &curves, half), fresh);
                let upper = (number >> bit & 1) as u32;
                low += i64::from(upper) * half;
                interval.take(upper, half);
            }
        }
    }

    #[test]
    fn any_number_and_any_error_are_possible() {
        let mut spread = Spread::default();
        for error in [0, 1, u64::MAX, u64::MAX, 0, 1 << 40] {
            spread.learn(error);
            for bit in 0..55 {
                stretched(spread, (1 << 56) - 1, 0, 1 << bit);
                stretched(spread, (1 << 56) - 1, (1 << 56) - (2 << bit), 1 << bit);
            }
        }
    }
}
