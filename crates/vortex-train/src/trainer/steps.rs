//! The loop: steps, validations and phases.

use std::sync::atomic::Ordering;

use crate::backend::TrainBackend;
use crate::checkpoint::Checkpoint;
use crate::error::{Result, TrainError};
use crate::observer::{Phase, TrainEvent};
use crate::optimizer::{clip_factor, global_norm};
use crate::schedule::Schedule;
use crate::shard::Pass;

use super::Trainer;

/// Share of the budget before which no role is marked as noise.
const NOISE_FROM: f64 = 0.2;
/// Weight of the newest step in the reported loss.
const SMOOTHING: f64 = 0.05;

/// Bits per byte above which training has failed: eight times those of random bytes.
const HOPELESS: f64 = 64.0;

/// Also false for values that are not a number.
fn sane(bits_per_byte: f64) -> bool {
    bits_per_byte < HOPELESS
}

impl<B: TrainBackend> Trainer<'_, B> {
    pub(super) fn seconds(&self) -> f64 {
        self.progress.seconds_before + self.started.elapsed().as_secs_f64()
    }

    fn fraction(&self) -> f64 {
        (self.spent() + self.progress.skipped).min(1.0)
    }

    /// Share of the budget that was used.
    fn spent(&self) -> f64 {
        self.config.budget.fraction(self.progress.step, self.seconds())
    }

    fn quantise_from(&self) -> f64 {
        1.0 - self.config.quantise.fraction
    }

    /// Trains to the end of the budget; false if cancelled earlier.
    pub(super) fn run(&mut self) -> Result<bool> {
        let start_step = self.progress.step;
        loop {
            let fraction = self.fraction();
            if self.progress.phase == Phase::Float && fraction >= self.quantise_from() {
                self.begin_quantised()?;
            }
            let times = self.config.validation.times;
            if fraction < 1.0 && fraction * times as f64 >= (self.progress.validations + 1) as f64 {
                self.progress.validations = (fraction * times as f64) as u64;
                let bits = self.validate(fraction >= NOISE_FROM)?;
                if self.progress.phase == Phase::Float && self.stalls(bits)? {
                    continue;
                }
            }
            if fraction >= 1.0 {
                if !self.progress.finished {
                    self.validate(false)?;
                    self.progress.finished = true;
                    self.save(true)?;
                }
                return Ok(true);
            }
            if self.cancel.load(Ordering::Relaxed) {
                self.save(true)?;
                return Ok(false);
            }
            self.save(false)?;
            self.step(fraction, start_step)?;
        }
    }

    /// Whether the float phase ends here; the budget then continues at the start of the quantised
    /// phase.
    fn stalls(&mut self, bits_per_byte: f64) -> Result<bool> {
        let progress = &mut self.progress;
        if !progress.stalling.look(&self.config.early_stopping, bits_per_byte) {
            return Ok(false);
        }
        let (step, validations) = (progress.step, progress.stalling.validations);
        let (from, spent) = (self.quantise_from(), self.spent());
        let skipped = &mut self.progress.skipped;
        *skipped = from - spent;
        while spent + *skipped < from {
            *skipped = skipped.next_up();
        }
        self.progress.validations = (from * self.config.validation.times as f64) as u64;
        self.log.event(TrainEvent::Stalled { step, validations })?;
        Ok(true)
    }

    fn step(&mut self, fraction: f64, start_step: u64) -> Result<()> {
        let (config, progress) = (self.config, &mut self.progress);
        let batch = self.sampler.draw(config.batch.windows(), config.batch.cold_start)?;
        let pass = Pass {
            shards: config.batch.shards * config.batch.accumulate,
            quant: progress.quant.as_ref(),
            chunk: self.sampler.choose(&config.batch.chunks),
            gradient_checkpointing: config.batch.gradient_checkpointing,
        };
        let output = self.workers.gradient(&progress.params, &batch, pass);
        let norm = global_norm(&output.gradient);
        if !norm.is_finite() {
            return Err(self.diverged("the norm of the gradient", norm));
        }
        if !sane(output.mean_bits) {
            return Err(self.diverged("the loss in bits per byte", output.mean_bits));
        }
        let schedule = Schedule {
            peak: config.optimizer.learning_rate,
            floor: config.optimizer.final_rate,
            warmup: config.optimizer.warmup,
        };
        let rate = schedule.rate(fraction);
        let scale = clip_factor(norm, config.optimizer.clip_norm);
        let ranges = self.workers.map().decay_ranges();
        progress.adam.step(
            &config.optimizer,
            rate,
            scale,
            &mut progress.params,
            &output.gradient,
            &ranges,
        );
        progress.step += 1;
        progress.finished = false;
        // A symbol is a byte under all current transforms; a transform with other symbols would
        // change this.
        let bits = output.mean_bits;
        let shown = progress.smooth.map_or(bits, |s| s + (bits - s) * SMOOTHING);
        progress.smooth = Some(shown);
        let step = progress.step;
        let run_seconds = self.started.elapsed().as_secs_f64().max(1e-9);
        let fraction = self.fraction();
        let event = TrainEvent::Step {
            step,
            fraction,
            bits_per_byte: shown,
            learning_rate: rate,
            gradient_norm: norm,
            bytes_per_second: ((step - start_step) as f64 * batch.predicted() as f64) / run_seconds,
            seconds: self.seconds(),
            seconds_left: self.seconds() * (1.0 - fraction) / self.spent().max(1e-9),
        };
        self.log.event(event)
    }

    fn diverged(&self, what: &'static str, value: f64) -> TrainError {
        let last = self.dir.last();
        let checkpoint = match Checkpoint::load_state(&last) {
            Ok(state) => {
                format!("The last good checkpoint is {} (step {})", last.display(), state.step)
            }
            Err(_) => "There is no checkpoint yet".to_string(),
        };
        TrainError::Diverged {
            step: self.progress.step,
            what,
            value: format!("{value:.3}"),
            checkpoint,
            learning_rate: self.config.optimizer.learning_rate,
        }
    }

    /// Measures held-out records, stores the best parameters, and searches for noise.
    fn validate(&mut self, look_for_noise: bool) -> Result<f64> {
        let progress = &mut self.progress;
        let quant = progress.quant.as_ref();
        let cost = self.validation.float(&mut self.workers, &progress.params, quant);
        if !sane(cost.bits_per_byte) {
            return Err(self.diverged("the validation loss in bits per byte", cost.bits_per_byte));
        }
        let best = progress.best.is_none_or(|b| cost.bits_per_byte < b);
        if best {
            progress.best = Some(cost.bits_per_byte);
            progress.best_step = progress.step;
            self.best = Some((progress.params.clone(), progress.adam.clone()));
            self.best_is_new = true;
        }
        let step = progress.step;
        if look_for_noise {
            let noise = progress.noise.look(&cost.role_bits);
            let new = |&(role, &n): &(usize, &bool)| n && !progress.flat[role];
            let roles: Vec<usize> = noise.iter().enumerate().filter(new).map(|(r, _)| r).collect();
            if !roles.is_empty() {
                roles.iter().for_each(|&role| progress.flat[role] = true);
                if progress.flat.iter().all(|&flat| flat) {
                    return Err(TrainError::Nothing {
                        step,
                        bits: self.config.validation.noise_bits,
                    });
                }
                self.workers.set_flat(&progress.flat);
                self.log.event(TrainEvent::Flat { step, roles })?;
            }
        }
        let bits_per_byte = cost.bits_per_byte;
        self.log.event(TrainEvent::Validation { step, bits_per_byte, best })?;
        Ok(bits_per_byte)
    }

    /// Uses the best float parameters, chooses activation scales, and rounds from here on.
    fn begin_quantised(&mut self) -> Result<()> {
        self.validate(false)?;
        if let Some((params, adam)) = self.best.take() {
            (self.progress.params, self.progress.adam) = (params, adam);
        }
        // Use a separate generator, so that choosing scales does not change the training windows.
        let seed = self.config.seed ^ 0x9E37_79B9_7F4A_7C15;
        let n = self.config.quantise.calibration_sequences;
        let batch = self.sampler.apart(seed, n, self.config.batch.cold_start)?;
        self.progress.quant = Some(self.workers.calibrate(&self.progress.params, &batch));
        self.progress.phase = Phase::Quantised;
        self.progress.float_best = self.progress.best.take();
        self.log.event(TrainEvent::Phase { step: self.progress.step, phase: Phase::Quantised })?;
        // Only rounding: training with rounding must be better than this model.
        self.validate(false)?;
        Ok(())
    }
}
