//! The events of a training run.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Plain floating point.
    Float,
    /// Forward passes with rounded weights and activations.
    Quantised,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
#[non_exhaustive]
pub enum TrainEvent {
    /// Before the first step.
    Start {
        /// Trained numbers.
        parameters: usize,
        /// Records of the training part.
        train_records: u64,
        /// Records of the validation part.
        validation_records: u64,
        /// First step of this run; not 0 after a resume.
        step: u64,
        /// Threads in use.
        threads: usize,
    },
    /// The findings about fields before training.
    Known {
        /// Names of fields with a description of their values.
        fields: Vec<String>,
    },
    /// After a step.
    Step {
        /// Steps done.
        step: u64,
        /// Share of the budget that is spent, 0 to 1.
        fraction: f64,
        /// Loss in bits per byte, smoothed over about twenty steps.
        bits_per_byte: f64,
        /// Learning rate.
        learning_rate: f64,
        /// Norm of the last gradient before clipping.
        gradient_norm: f64,
        /// Bytes of training data seen per second.
        bytes_per_second: f64,
        /// Seconds since the start, earlier runs included.
        seconds: f64,
        /// Estimate of the seconds that are left.
        seconds_left: f64,
    },
    /// After a validation.
    Validation {
        /// Steps done.
        step: u64,
        /// Bits per byte on held-out records.
        bits_per_byte: f64,
        /// Whether this is the best so far in this phase.
        best: bool,
    },
    /// Roles were found to be noise and are coded flat from here on.
    Flat {
        /// Steps done.
        step: u64,
        /// The roles.
        roles: Vec<usize>,
    },
    /// The float phase ends early, because validation no longer improves.
    Stalled {
        /// Steps done.
        step: u64,
        /// Validations without an improvement.
        validations: u32,
    },
    /// A phase begins.
    Phase {
        /// Steps done.
        step: u64,
        /// The phase.
        phase: Phase,
    },
    /// A checkpoint was written.
    Checkpoint {
        /// Steps done.
        step: u64,
        /// The file.
        path: PathBuf,
    },
    /// The model file was written.
    Done {
        /// Steps done.
        step: u64,
        /// The model.
        model: PathBuf,
        /// Bits per byte of the integer network on held-out records.
        bits_per_byte: f64,
    },
}

/// Receives events, in order, on the thread that called `train`.
pub trait TrainObserver {
    /// Called for each event; must not take long.
    fn event(&mut self, event: &TrainEvent);

    /// Called once before the first event with the records of the validations, for comparison with
    /// other codecs.
    fn held_out(&mut self, _bytes: &[u8]) {}
}

/// Ignores everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl TrainObserver for Silent {
    fn event(&mut self, _event: &TrainEvent) {}
}

/// Writes one line per event, for logs and simple terminals.
#[derive(Debug)]
pub struct LogLines<W> {
    out: W,
    every_seconds: f64,
    last_step: f64,
}

impl<W: std::io::Write> LogLines<W> {
    /// Step lines at most every `every_seconds`; all other events always.
    pub fn new(out: W, every_seconds: f64) -> Self {
        Self { out, every_seconds, last_step: f64::NEG_INFINITY }
    }
}

impl<W: std::io::Write> TrainObserver for LogLines<W> {
    fn event(&mut self, event: &TrainEvent) {
        if let TrainEvent::Step { seconds, .. } = event {
            if seconds - self.last_step < self.every_seconds {
                return;
            }
            self.last_step = *seconds;
        }
        // A log that cannot be written must not stop a training run.
        let _ = writeln!(self.out, "{event}");
    }
}

/// One line of text.
impl fmt::Display for TrainEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrainEvent::Start { parameters, train_records, validation_records, step, threads } => {
                let from = if *step > 0 { format!(", from step {step}") } else { String::new() };
                write!(
                    f,
                    "training {parameters} parameters on {train_records} records, validating on \
                 {validation_records}, {threads} threads{from}"
                )
            }
            TrainEvent::Step {
                step,
                fraction,
                bits_per_byte,
                learning_rate,
                bytes_per_second,
                seconds_left,
                ..
            } => write!(
                f,
                "step {step} ({:.0} %): {bits_per_byte:.4} bits/byte, rate {learning_rate:.2e}, {:.0} KB/s, \
             {:.0} s left",
                fraction * 100.0,
                bytes_per_second / 1e3,
                seconds_left
            ),
            TrainEvent::Validation { step, bits_per_byte, best } => {
                let best = if *best { " (best)" } else { "" };
                write!(f, "step {step}: validation {bits_per_byte:.4} bits/byte{best}")
            }
            TrainEvent::Known { fields } => {
                write!(f, "known of {} fields: {}", fields.len(), fields.join("; "))
            }
            TrainEvent::Flat { step, roles } => {
                write!(
                    f,
                    "step {step}: {} roles are noise and are coded flat: {roles:?}",
                    roles.len()
                )
            }
            TrainEvent::Stalled { step, validations } => {
                write!(
                    f,
                    "step {step}: {validations} validations without an improvement, ending early"
                )
            }
            TrainEvent::Phase { step, phase: Phase::Float } => {
                write!(f, "step {step}: float phase")
            }
            TrainEvent::Phase { step, phase: Phase::Quantised } => {
                write!(f, "step {step}: quantised phase")
            }
            TrainEvent::Checkpoint { step, path } => {
                write!(f, "step {step}: wrote {}", path.display())
            }
            TrainEvent::Done { step, model, bits_per_byte } => write!(
                f,
                "done after {step} steps: {} codes held-out records at {bits_per_byte:.4} bits/byte",
                model.display()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_lines_are_thinned_and_others_are_not() {
        let mut out = Vec::new();
        let mut log = LogLines::new(&mut out, 10.0);
        for i in 0..30 {
            log.event(&TrainEvent::Step {
                step: i,
                fraction: 0.0,
                bits_per_byte: 4.0,
                learning_rate: 0.001,
                gradient_norm: 1.0,
                bytes_per_second: 5e4,
                seconds: i as f64,
                seconds_left: 1.0,
            });
            log.event(&TrainEvent::Validation { step: i, bits_per_byte: 3.5, best: i == 0 });
        }
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().filter(|l| l.contains("rate")).count(), 3);
        assert_eq!(text.lines().filter(|l| l.contains("validation")).count(), 30);
        assert_eq!(text.lines().filter(|l| l.contains("(best)")).count(), 1);
    }
}
