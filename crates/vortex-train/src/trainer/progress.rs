//! The state that changes during a run, and how it is saved in a checkpoint.

use vortex_model::QuantSpec;

use crate::checkpoint::{self, Checkpoint, State};
use crate::config::TrainConfig;
use crate::early_stopping::Stalling;
use crate::error::{Result, TrainError};
use crate::noise::NoiseDetector;
use crate::observer::Phase;
use crate::optimizer::AdamW;
use crate::sampler::SamplerState;

/// Everything that changes and is saved.
#[derive(Clone)]
pub(super) struct Progress {
    /// Steps done.
    pub step: u64,
    /// Seconds of earlier parts of the run.
    pub seconds_before: f64,
    pub phase: Phase,
    /// Lowest validation loss of this phase.
    pub best: Option<f64>,
    /// Its step.
    pub best_step: u64,
    /// Lowest validation loss of the float phase, once that is over.
    pub float_best: Option<f64>,
    /// Loss of the last steps in bits per byte.
    pub smooth: Option<f64>,
    pub flat: Vec<bool>,
    pub noise: NoiseDetector,
    pub stalling: Stalling,
    /// Share of the budget that early stopping left out.
    pub skipped: f64,
    pub validations: u64,
    /// Whether only the model file is missing.
    pub finished: bool,
    pub quant: Option<QuantSpec>,
    pub params: Vec<f32>,
    pub adam: AdamW,
}

impl Progress {
    /// The state before the first step.
    pub fn new(config: &TrainConfig, params: Vec<f32>, roles: usize) -> Self {
        Self {
            step: 0,
            seconds_before: 0.0,
            phase: Phase::Float,
            best: None,
            best_step: 0,
            float_best: None,
            smooth: None,
            flat: vec![false; roles],
            noise: NoiseDetector::new(config.validation.noise_bits, roles),
            stalling: Stalling::default(),
            skipped: 0.0,
            validations: 0,
            finished: false,
            quant: None,
            adam: AdamW::new(params.len()),
            params,
        }
    }

    /// Makes a checkpoint, after `seconds` of training and `metrics_bytes` of the metrics file.
    pub fn checkpoint(
        &self,
        config: &TrainConfig,
        seconds: f64,
        metrics_bytes: u64,
        sampler: SamplerState,
        file_records: Vec<u64>,
    ) -> Result<Checkpoint> {
        let quant = self.quant.as_ref().map(serde_json::to_value).transpose();
        Ok(Checkpoint {
            state: State {
                version: checkpoint::VERSION,
                step: self.step,
                adam_steps: self.adam.steps,
                seconds,
                phase: self.phase,
                best: self.best,
                best_step: self.best_step,
                float_best: self.float_best,
                smooth: self.smooth,
                sampler,
                file_records,
                flat: self.flat.clone(),
                noise: self.noise.candidates().to_vec(),
                stalling: self.stalling.clone(),
                skipped: self.skipped,
                validations: self.validations,
                finished: self.finished,
                quant: quant.map_err(|e| TrainError::Model(e.to_string()))?,
                metrics_bytes,
                config: config.clone(),
            },
            params: self.params.clone(),
            adam: self.adam.clone(),
        })
    }

    /// Restores the state; the error is a sentence about the checkpoint.
    pub fn restore(
        &mut self,
        config: &TrainConfig,
        saved: Checkpoint,
    ) -> std::result::Result<(), String> {
        let Checkpoint { state, params, adam } = saved;
        if state.flat.len() != self.flat.len() || state.noise.len() != state.flat.len() {
            return Err("it was written for records of another length".into());
        }
        let quant = state.quant.map(serde_json::from_value).transpose();
        let quant = quant.map_err(|_| "the scales of the quantised phase are damaged")?;
        if (state.phase == Phase::Quantised) != quant.is_some() {
            return Err("the scales of the quantised phase are missing".into());
        }
        let mut noise = NoiseDetector::new(config.validation.noise_bits, state.flat.len());
        noise.restore(&state.noise);
        *self = Self {
            step: state.step,
            seconds_before: state.seconds,
            phase: state.phase,
            best: state.best,
            best_step: state.best_step,
            float_best: state.float_best,
            smooth: state.smooth,
            flat: state.flat,
            noise,
            stalling: state.stalling,
            skipped: state.skipped,
            validations: state.validations,
            finished: state.finished,
            quant,
            params,
            adam,
        };
        Ok(())
    }
}
