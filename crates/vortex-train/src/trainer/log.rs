//! The targets of events.

use std::time::Instant;

use crate::error::Result;
use crate::files::RunDir;
use crate::metrics::MetricsLog;
use crate::observer::{TrainEvent, TrainObserver};
use crate::tensorboard::EventFile;

/// Events go to the observer, to the metrics file and to TensorBoard.
pub(super) struct Log<'a> {
    pub observer: &'a mut dyn TrainObserver,
    pub metrics: MetricsLog,
    /// Present from the first step of this part of the run on.
    tensorboard: Option<EventFile>,
    /// Time when the last step was written to the files.
    last: Option<Instant>,
}

impl<'a> Log<'a> {
    pub fn open(observer: &'a mut dyn TrainObserver, dir: &RunDir) -> Result<Self> {
        let metrics = MetricsLog::open(&dir.metrics())?;
        Ok(Self { observer, metrics, tensorboard: None, last: None })
    }

    /// Begins a TensorBoard file after `step`, with the configuration in it.
    pub fn begin(&mut self, dir: &RunDir, step: u64, configuration: &str) -> Result<()> {
        let mut events = EventFile::create(dir.root(), step)?;
        events.text(step, "configuration", &format!("```yaml\n{configuration}```\n"))?;
        self.tensorboard = Some(events);
        Ok(())
    }

    pub fn event(&mut self, event: TrainEvent) -> Result<()> {
        self.observer.event(&event);
        if matches!(event, TrainEvent::Step { .. }) {
            // Two lines a second are enough for a plot of a run of any length.
            if self.last.is_some_and(|t| t.elapsed().as_secs_f64() < 0.5) {
                return Ok(());
            }
            self.last = Some(Instant::now());
        }
        if let Some(events) = &mut self.tensorboard {
            events.event(&event)?;
        }
        self.metrics.write(&event)
    }
}
