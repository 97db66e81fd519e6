//! Checkpoints of a run: there is one commit point, from which a killed run continues with the same
//! results.
//!
//! A run is saved only between two steps, and a save takes effect when `last.safetensors` is
//! renamed. Until then, new best weights have another name. So the best weights that
//! `last.safetensors` refers to exist at any moment at which the run can be killed.

use crate::backend::TrainBackend;
use crate::checkpoint::Checkpoint;
use crate::error::{Result, TrainError};
use crate::observer::TrainEvent;

use super::Trainer;

impl<B: TrainBackend> Trainer<'_, B> {
    /// Saves the run if the interval has passed, if there are new best weights, or if `now`.
    pub(super) fn save(&mut self, now: bool) -> Result<()> {
        let checkpoints = &self.config.checkpoints;
        let step = self.progress.step;
        let numbered = step > self.saved_step
            && checkpoints.every_steps.is_some_and(|every| step.is_multiple_of(every));
        let due = self.last_saved.elapsed().as_secs_f64() >= checkpoints.seconds;
        if !(now || due || numbered || self.best_is_new) {
            return Ok(());
        }
        let checkpoint = self.checkpoint()?;
        let (best, last) = (self.dir.best(), self.dir.last());
        if self.best_is_new {
            checkpoint.save(&self.dir.new_best(), self.workers.map())?;
        }
        checkpoint.save(&last, self.workers.map())?;
        if std::mem::take(&mut self.best_is_new) {
            std::fs::rename(self.dir.new_best(), &best).map_err(TrainError::io("write", &best))?;
            self.log.event(TrainEvent::Checkpoint { step, path: best })?;
        }
        self.last_saved = std::time::Instant::now();
        self.saved_step = step;
        self.log.event(TrainEvent::Checkpoint { step, path: last })?;
        if numbered {
            let path = self.dir.keep_numbered(step, checkpoints.keep)?;
            self.log.event(TrainEvent::Checkpoint { step, path })?;
        }
        Ok(())
    }

    fn checkpoint(&self) -> Result<Checkpoint> {
        self.progress.checkpoint(
            self.config,
            self.seconds(),
            self.log.metrics.len(),
            self.sampler.state(),
            self.file_records.clone(),
        )
    }

    /// Continues from `last.safetensors`, or from the start if the run was killed before the first
    /// checkpoint.
    pub(super) fn restore(&mut self) -> Result<()> {
        let path = self.dir.last();
        let bad = |message: String| TrainError::Checkpoint { path: path.clone(), message };
        if !path.exists() && self.dir.config().exists() {
            return self.log.metrics.cut(0);
        }
        let state = Checkpoint::load_state(&path)?;
        if state.config.model != self.config.model {
            let message = "it was written with another `model` section of the configuration";
            return Err(bad(message.into()));
        }
        // An imported model has not been trained on our data.
        let begun = !state.file_records.is_empty();
        if begun && state.file_records != self.file_records {
            return Err(bad(format!(
                "it was written for data files of {:?} records, but these have {:?}",
                state.file_records, self.file_records
            )));
        }
        if begun {
            self.sampler
                .restore(&state.sampler)
                .ok_or_else(|| bad("the sampler's state is damaged".into()))?;
        }
        let checkpoint = Checkpoint::load(&path, self.workers.map())?;
        self.progress.restore(self.config, checkpoint).map_err(bad)?;
        self.restore_best()?;
        self.saved_step = self.progress.step;
        self.workers.set_flat(&self.progress.flat);
        self.log.metrics.cut(state.metrics_bytes)
    }

    /// Restores the best weights to which the restored state refers.
    fn restore_best(&mut self) -> Result<()> {
        let (best, new) = (self.dir.best(), self.dir.new_best());
        let progress = &mut self.progress;
        if progress.best.is_none() {
            return Ok(());
        }
        let is_it = |state: &crate::checkpoint::State| {
            state.step == progress.best_step && state.phase == progress.phase
        };
        // Killed after the commit and before the renaming, or before the commit.
        if new.exists() {
            if Checkpoint::load_state(&new).is_ok_and(|state| is_it(&state)) {
                std::fs::rename(&new, &best).map_err(TrainError::io("write", &best))?;
            } else {
                std::fs::remove_file(&new).map_err(TrainError::io("remove", &new))?;
            }
        }
        let found = Checkpoint::load_state(&best).is_ok_and(|state| is_it(&state));
        if found {
            let Checkpoint { params, adam, .. } = Checkpoint::load(&best, self.workers.map())?;
            self.best = Some((params, adam));
        } else {
            // `last.safetensors` was replaced by an older checkpoint: the next validation is the best.
            progress.best = None;
        }
        Ok(())
    }
}
