//! Progress through a budget of steps or seconds, and the learning rate that follows from it.

use serde::{Deserialize, Serialize};

use crate::error::{Result, TrainError};

/// When training ends: whichever limit is reached first. At least one must be set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// Optimiser steps.
    pub max_steps: Option<u64>,
    /// Seconds of training, over all resumed runs, without the final measurements.
    pub max_seconds: Option<f64>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { max_steps: None, max_seconds: Some(110.0) }
    }
}

impl Budget {
    pub(crate) fn validate(&self) -> Result<()> {
        let bad =
            |field, value: String, rule| TrainError::limit::<_, &str>(false, field, value, rule);
        match (self.max_steps, self.max_seconds) {
            (None, None) => {
                bad("budget", "empty".into(), "a limit: set `max_steps`, `max_seconds` or both")
            }
            (Some(0), _) => bad("budget.max_steps", "0".into(), "at least 1"),
            (_, Some(s)) if !(s > 0.0 && s.is_finite()) => {
                bad("budget.max_seconds", s.to_string(), "above 0 and finite")
            }
            _ => Ok(()),
        }
    }

    /// Share of the budget that is spent, 0 to 1.
    pub fn fraction(&self, step: u64, seconds: f64) -> f64 {
        let by_steps = self.max_steps.map_or(0.0, |m| step as f64 / m as f64);
        let by_seconds = self.max_seconds.map_or(0.0, |m| seconds / m);
        by_steps.max(by_seconds).clamp(0.0, 1.0)
    }
}

/// Linear warm-up, then half a cosine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// Highest rate.
    pub peak: f64,
    /// Rate at the end, as a share of the peak.
    pub floor: f64,
    /// Share of the budget that is warm-up.
    pub warmup: f64,
}

impl Schedule {
    /// The learning rate when `fraction` (0 to 1) of the budget is spent.
    ///
    /// The first rate is a hundredth of the peak, not zero, so that the first step has an effect.
    pub fn rate(&self, fraction: f64) -> f64 {
        if fraction < self.warmup {
            return self.peak * (fraction / self.warmup).max(0.01);
        }
        let t = ((fraction - self.warmup) / (1.0 - self.warmup)).clamp(0.0, 1.0);
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * t).cos());
        self.peak * (self.floor + (1.0 - self.floor) * cosine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_rises_then_falls_to_the_floor() {
        let s = Schedule { peak: 2.0, floor: 0.1, warmup: 0.25 };
        assert_eq!(s.rate(0.0), 0.02);
        assert_eq!(s.rate(0.125), 1.0);
        assert_eq!(s.rate(0.25), 2.0);
        assert!((s.rate(0.625) - 1.1).abs() < 1e-12);
        assert!((s.rate(1.0) - 0.2).abs() < 1e-12);
        let rates: Vec<f64> = (25..=100).map(|i| s.rate(f64::from(i) / 100.0)).collect();
        assert!(rates.windows(2).all(|w| w[1] < w[0]));
    }

    #[test]
    fn without_warmup_it_starts_at_the_peak() {
        assert_eq!(Schedule { peak: 1.0, floor: 0.0, warmup: 0.0 }.rate(0.0), 1.0);
    }

    #[test]
    fn the_tighter_limit_counts() {
        let b = Budget { max_steps: Some(100), max_seconds: Some(10.0) };
        assert_eq!(b.fraction(50, 1.0), 0.5);
        assert_eq!(b.fraction(50, 8.0), 0.8);
        assert_eq!(b.fraction(500, 8.0), 1.0);
        assert!(Budget { max_steps: None, max_seconds: None }.validate().is_err());
        assert!(Budget { max_steps: Some(0), max_seconds: None }.validate().is_err());
        assert!(Budget { max_steps: None, max_seconds: Some(f64::NAN) }.validate().is_err());
    }
}
