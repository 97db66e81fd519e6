//! The times of several runs.

use serde::{Deserialize, Serialize};

/// Median and spread of some runs, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Times {
    /// The middle one, or the mean of the two in the middle.
    pub median: f64,
    /// The shortest.
    pub least: f64,
    /// The longest.
    pub most: f64,
    /// Their number.
    pub runs: u32,
}

impl Times {
    /// Of at least one run.
    pub(super) fn of(mut seconds: Vec<f64>) -> Self {
        seconds.sort_by(f64::total_cmp);
        let n = seconds.len();
        let median = f64::midpoint(seconds[(n - 1) / 2], seconds[n / 2]);
        Self { median, least: seconds[0], most: seconds[n - 1], runs: n as u32 }
    }

    /// Half of the distance between the longest and the shortest, as a share of the median.
    pub fn spread(&self) -> f64 {
        (self.most - self.least) / 2.0 / self.median.max(f64::MIN_POSITIVE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        let odd = Times::of(vec![3.0, 1.0, 2.0]);
        assert_eq!((odd.median, odd.least, odd.most, odd.runs), (2.0, 1.0, 3.0, 3));
        assert_eq!(odd.spread(), 0.5);
        assert_eq!(Times::of(vec![4.0, 1.0]).median, 2.5);
        assert_eq!(Times::of(vec![4.0]).spread(), 0.0);
    }
}
