//! Roles that cannot be predicted.

/// Finds roles whose validation cost is that of random bits, at two validations in a row.
#[derive(Clone, Debug)]
pub struct NoiseDetector {
    threshold: f64,
    candidates: Vec<bool>,
}

impl NoiseDetector {
    /// `threshold` is in bits per symbol.
    pub fn new(threshold: f64, roles: usize) -> Self {
        Self { threshold, candidates: vec![false; roles] }
    }

    /// Roles at or above the threshold at the last validation: the state to save.
    pub fn candidates(&self) -> &[bool] {
        &self.candidates
    }

    /// Restores a saved state for the same number of roles.
    pub fn restore(&mut self, candidates: &[bool]) {
        self.candidates.copy_from_slice(candidates);
    }

    /// The roles at or above the threshold both now and at the last validation.
    ///
    /// One validation is not enough, because a role that is learnt late costs eight bits at first.
    pub fn look(&mut self, bits_per_role: &[f64]) -> Vec<bool> {
        bits_per_role
            .iter()
            .zip(&mut self.candidates)
            .map(|(&bits, candidate)| {
                let noise = bits >= self.threshold;
                std::mem::replace(candidate, noise) && noise
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_looks_are_needed() {
        let mut detector = NoiseDetector::new(7.99, 3);
        assert_eq!(detector.look(&[8.0, 8.0, 1.0]), [false; 3]);
        assert_eq!(detector.look(&[8.0, 7.9, 8.0]), [true, false, false]);
        assert_eq!(detector.look(&[8.0, 8.0, 8.0]), [true, false, true]);
    }
}
