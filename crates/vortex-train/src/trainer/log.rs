//! Where events go.

use std::time::Instant;

use crate::error::Result;
use crate::metrics::MetricsLog;
use crate::observer::{TrainEvent, TrainObserver};

/// Events go to the observer and to the metrics file.
pub(super) struct Log<'a> {
    pub observer: &'a mut dyn TrainObserver,
    pub metrics: MetricsLog,
    /// When the last step was written to the file.
    pub last: Option<Instant>,
}

impl Log<'_> {
    pub fn event(&mut self, event: TrainEvent) -> Result<()> {
        self.observer.event(&event);
        if matches!(event, TrainEvent::Step { .. }) {
            // Two lines a second are enough for a plot of a run of any length.
            if self.last.is_some_and(|t| t.elapsed().as_secs_f64() < 0.5) {
                return Ok(());
            }
            self.last = Some(Instant::now());
        }
        self.metrics.write(&event)
    }
}
