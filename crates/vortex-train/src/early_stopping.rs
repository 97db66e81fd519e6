//! Ends a phase that no longer improves.

use serde::{Deserialize, Serialize};

use crate::error::{Result, TrainError};

/// When the float phase ends before its share of the budget does. The quantised phase follows in any case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EarlyStoppingConfig {
    /// Validations in a row without an improvement; 0 never stops.
    pub patience: u32,
    /// Bits per byte that count as an improvement.
    pub min_delta: f64,
}

impl Default for EarlyStoppingConfig {
    fn default() -> Self {
        Self { patience: 5, min_delta: 1e-4 }
    }
}

impl EarlyStoppingConfig {
    pub(crate) fn validate(&self) -> Result<()> {
        let fits = (0.0..=8.0).contains(&self.min_delta);
        TrainError::limit(fits, "early_stopping.min_delta", self.min_delta, "0 to 8")
    }
}

/// State between validations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stalling {
    /// Bits per byte of the last validation that was an improvement.
    pub reference: Option<f64>,
    /// Validations since then.
    pub validations: u32,
}

impl Stalling {
    /// Adds a validation; true if the phase should stop.
    pub fn look(&mut self, config: &EarlyStoppingConfig, bits_per_byte: f64) -> bool {
        if self.reference.is_none_or(|r| bits_per_byte < r - config.min_delta) {
            *self = Self { reference: Some(bits_per_byte), validations: 0 };
            return false;
        }
        self.validations += 1;
        config.patience > 0 && self.validations >= config.patience
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_counts_validations_without_a_real_improvement() {
        let config = EarlyStoppingConfig { patience: 2, min_delta: 0.1 };
        let mut stalling = Stalling::default();
        let looks = [4.0, 3.95, 3.85, 3.86, 3.80, 3.70];
        let stops: Vec<bool> = looks.iter().map(|&b| stalling.look(&config, b)).collect();
        // 3.95 is no improvement by 0.1, 3.85 is; then 3.86 and 3.80 are not.
        assert_eq!(stops, [false, false, false, false, true, false]);
        let never = EarlyStoppingConfig { patience: 0, ..config };
        let mut stalling = Stalling::default();
        assert!((0..100).all(|_| !stalling.look(&never, 1.0)));
        let usual = EarlyStoppingConfig::default();
        assert_eq!((usual.patience, usual.min_delta), (5, 1e-4));
    }
}
