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

/// The forecast of one rule for the next number.
#[derive(Clone, Copy, Default)]
pub(super) struct Forecast {
    /// The expected number.
    center: i64,
    /// 2^24 divided by the scale of the distribution; 0 for no forecast.
    inverse: i64,
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
    pub(super) fn forecast(self, center: u64) -> Forecast {
        Forecast { center: center.cast_signed(), inverse: (1 << (24 + SCALE_BITS)) / self.scale }
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

impl Forecast {
    /// Stretched probability that a number in `low .. low + 2 half` is in the upper half.
    #[inline(always)]
    pub(super) fn stretched(self, curves: &Curves, low: i64, half: i64) -> i16 {
        if self.inverse == 0 {
            return 0;
        }
        let edge = |x: i64| {
            let distance = (x - self.center).clamp(-LARGEST_DISTANCE, LARGEST_DISTANCE);
            let scaled = (distance * self.inverse) >> 16;
            i32::try_from(scaled.clamp(-4096, 4096)).expect("clamped")
        };
        let edges = [low, low + half, low + 2 * half].map(edge);
        let [a, m, b] = edges.map(|x| curves.squash(x));
        let whole = b - a;
        if whole < 2 {
            // Far out in a tail, the half nearer to the middle is more probable.
            return match edges {
                [_, _, end] if end <= 0 => TAIL,
                [start, ..] if start >= 0 => -TAIL,
                _ => 0,
            };
        }
        let p = ((b - m) << 16) / whole;
        curves.stretch(p.clamp(16, 65_519))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_half_with_the_forecast_is_the_likelier_one() {
        let curves = Curves::new();
        let mut spread = Spread::default();
        (0..200).for_each(|_| spread.learn(10));
        let forecast = spread.forecast(1000);
        assert!(forecast.stretched(&curves, 512, 256) > 300);
        assert!(forecast.stretched(&curves, 992, 64) < -300);
        assert!(forecast.stretched(&curves, 984, 16).abs() < 20);
        assert_eq!(forecast.stretched(&curves, 0, 4), TAIL);
        assert_eq!(forecast.stretched(&curves, 1 << 40, 4), -TAIL);
        assert_eq!(Forecast::default().stretched(&curves, 0, 4), 0);
    }

    #[test]
    fn any_number_and_any_error_are_possible() {
        let curves = Curves::new();
        let mut spread = Spread::default();
        for error in [0, 1, u64::MAX, u64::MAX, 0, 1 << 40] {
            spread.learn(error);
            let forecast = spread.forecast((1 << 56) - 1);
            for bit in 0..55 {
                forecast.stretched(&curves, 0, 1 << bit);
                forecast.stretched(&curves, (1 << 56) - (2 << bit), 1 << bit);
            }
        }
    }
}
