//! The current figures of a training run.

use std::time::{Duration, Instant};

use vortex_coder::Schema;
use vortex_train::{Phase, TrainEvent, memory};

/// Number of validations that are kept.
const TREND: usize = 16;

/// How often the memory of the process is read.
const LOOK: Duration = Duration::from_secs(1);

/// The figures. [`Score::take`] keeps them up to date.
#[derive(Clone, Debug)]
pub struct Score {
    /// Number of fields per byte of records.
    pub tokens_per_byte: f64,
    /// Phase of the run.
    pub phase: Phase,
    /// Steps done.
    pub step: u64,
    /// Bits per byte of training.
    pub now: Option<f64>,
    /// Bits per byte of the best validation, and its step.
    pub best: Option<(f64, u64)>,
    /// Bits per byte of the last validations.
    pub trend: Vec<f64>,
    /// Learning rate.
    pub rate: f64,
    /// Bytes of training data seen per second.
    pub bytes_per_second: f64,
    /// Memory of this process in bytes, if the system reports it.
    pub memory: Option<u64>,
    looked: Option<Instant>,
}

impl Score {
    /// Figures of a run that has not begun, on records of a schema.
    pub fn new(schema: &Schema) -> Self {
        Self {
            tokens_per_byte: schema.fields().len() as f64 / schema.stride() as f64,
            phase: Phase::Float,
            step: 0,
            now: None,
            best: None,
            trend: Vec::new(),
            rate: 0.0,
            bytes_per_second: 0.0,
            memory: None,
            looked: None,
        }
    }

    /// Updates the figures from an event.
    pub fn take(&mut self, event: &TrainEvent) {
        match event {
            TrainEvent::Step { step, bits_per_byte, learning_rate, bytes_per_second, .. } => {
                (self.step, self.now) = (*step, Some(*bits_per_byte));
                (self.rate, self.bytes_per_second) = (*learning_rate, *bytes_per_second);
            }
            TrainEvent::Validation { step, bits_per_byte, .. } => {
                if self.best.is_none_or(|(best, _)| *bits_per_byte < best) {
                    self.best = Some((*bits_per_byte, *step));
                }
                self.trend.push(*bits_per_byte);
                if self.trend.len() > TREND {
                    self.trend.remove(0);
                }
            }
            TrainEvent::Phase { phase, .. } => self.phase = *phase,
            _ => {}
        }
    }

    /// Reads the memory of this process from the system, at most once per second.
    pub fn look_at_memory(&mut self) {
        if self.looked.is_none_or(|looked| looked.elapsed() > LOOK) {
            (self.memory, self.looked) = (memory::resident(), Some(Instant::now()));
        }
    }

    /// Change from the previous to the last validation.
    pub fn change(&self) -> Option<f64> {
        match self.trend[..] {
            [.., before, last] => Some(last - before),
            _ => None,
        }
    }

    /// Fields seen per second.
    pub fn tokens_per_second(&self) -> f64 {
        self.bytes_per_second * self.tokens_per_byte
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_is_kept_and_the_trend_is_bounded() {
        let mut score = Score::new(&Schema::bytes());
        assert_eq!((score.change(), score.best), (None, None));
        for step in 0..40u64 {
            let bits_per_byte = if step == 7 { 1.0 } else { 2.0 + step as f64 };
            score.take(&TrainEvent::Validation { step, bits_per_byte, best: false });
        }
        assert_eq!(score.best, Some((1.0, 7)));
        assert_eq!((score.trend.len(), score.trend[0]), (TREND, 26.0));
        assert_eq!(score.change(), Some(1.0));
    }
}
