//! Forecasts of whole numbers: a logistic distribution around what a simple rule expects, as wide as
//! the rule was wrong lately.

use super::curves::Curves;

/// What one rule expects of the next number.
#[derive(Clone, Copy, Default)]
pub(super) struct Forecast {
    /// The number expected.
    pub center: i64,
    /// 2^24 over the scale of the distribution; 0 for no forecast.
    pub inverse: i64,
}

/// How wrong a rule was lately.
#[derive(Clone, Copy)]
pub(super) struct Spread {
    /// Scale of the logistic distribution, with 4 bits of fraction.
    scale: i64,
}

impl Default for Spread {
    fn default() -> Self {
        Self { scale: 1 << 30 }
    }
}

impl Spread {
    pub(super) fn forecast(&self, center: i64) -> Forecast {
        Forecast { center, inverse: (1 << 28) / self.scale.max(4) }
    }
    /// log2 of the scale.
    pub(super) fn level(&self) -> u32 {
        self.scale.max(1).ilog2()
    }
    pub(super) fn update(&mut self, error: i64) {
        // The mean absolute error is 1.386 times the scale; 16 / 1.386 = 11.5.
        let error = i64::try_from(error.unsigned_abs()).unwrap_or(i64::MAX).min(1 << 52);
        self.scale += (error * 23 / 2 - self.scale) >> 3;
        self.scale = self.scale.max(4);
    }
}

impl Forecast {
    /// Stretched probability that the bit is 1, of a number in `low .. low + 2 * half` that is in the upper half
    /// then.
    #[inline(always)]
    pub(super) fn stretched(&self, curves: &Curves, low: i64, half: i64) -> i16 {
        if self.inverse == 0 {
            return 0;
        }
        let edge = |x: i64| -> i32 {
            let d = (x - self.center).clamp(-(1 << 38), 1 << 38);
            // d / scale in 1/256: 2^24 / scale * d >> 16
            ((d * self.inverse) >> 16).clamp(-3072, 3072) as i32
        };
        let (a, m, b) = (edge(low), edge(low + half), edge(low + 2 * half));
        let (fa, fm, fb) = (curves.squash(a), curves.squash(m), curves.squash(b));
        let whole = fb - fa;
        if whole < 2 {
            // Far out in a tail.
            return if b <= 0 { 1024 } else if a >= 0 { -1024 } else { 0 };
        }
        let p = (((fb - fm) << 15) / whole) * 2;
        curves.stretch(p.clamp(16, 65_519) as u16)
    }
}
