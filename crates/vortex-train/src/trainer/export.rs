//! The end of a run: the model file and its figures.

use vortex_infer::{Instructions, IntModel};

use crate::backend::TrainBackend;
use crate::error::{Result, TrainError};
use crate::files::write_atomically;
use crate::observer::TrainEvent;
use crate::summary::{ModelSummary, TrainSummary};
use crate::validate::block_cost;

use super::Trainer;

/// Most bytes of the block that the summary measures.
pub(super) const BLOCK_BYTES: u64 = 1 << 20;

impl<B: TrainBackend> Trainer<'_, B> {
    /// Writes the model file and measures it. `block`: consecutive held-out records.
    pub(super) fn export(&mut self, block: &[u8]) -> Result<ModelSummary> {
        let model_error = |e: String| TrainError::Model(e);
        if let Some((params, _)) = self.best.take() {
            self.progress.params = params;
        }
        let params = &self.progress.params;
        let quant = self.progress.quant.as_ref();
        let quant = quant.ok_or_else(|| model_error("the quantised phase has not begun".into()))?;
        let network = self
            .workers
            .exact_model(params)?
            .export(quant)
            .map_err(|e| model_error(e.to_string()))?;
        let model = IntModel::new(network, Instructions::detect())
            .map_err(|e| model_error(e.to_string()))?;
        let path = self.dir.model();
        write_atomically(&path, model.bytes())?;
        let float = self.progress.float_best;
        let float = float.ok_or_else(|| model_error("the float phase was not measured".into()))?;
        let simulated = self.validation.float(&mut self.workers, params, Some(quant)).bits_per_byte;
        let integer = self.validation.integer(&model)?.bits_per_byte;
        let block_cost = block_cost(&model, block)?;
        self.log.event(TrainEvent::Done {
            step: self.progress.step,
            model: path.clone(),
            bits_per_byte: block_cost.bits_per_byte,
        })?;
        Ok(ModelSummary {
            path,
            bytes: model.bytes().len() as u64,
            compared_bytes: self.validation.len() as u64,
            float_bits_per_byte: float,
            simulated_bits_per_byte: simulated,
            integer_bits_per_byte: integer,
            integer_cost_percent: (integer / float - 1.0) * 100.0,
            block_bytes: block.len() as u64,
            block_bits_per_byte: block_cost.bits_per_byte,
            role_bits: block_cost.role_bits,
        })
    }

    pub(super) fn summary(self, model: Option<ModelSummary>) -> Result<TrainSummary> {
        let flat = self.progress.flat.iter().enumerate().filter(|(_, f)| **f).map(|(r, _)| r);
        let per_step =
            self.config.batch.windows() * self.sampler.records() * self.progress.flat.len();
        let summary = TrainSummary {
            steps: self.progress.step,
            seconds: self.seconds(),
            bytes_seen: self.progress.step * per_step as u64,
            parameters: self.progress.params.len(),
            cancelled: model.is_none(),
            flat_roles: flat.collect(),
            model,
        };
        let text = serde_json::to_vec_pretty(&summary)
            .map_err(|e| TrainError::io("write", &self.dir.summary())(e.into()))?;
        write_atomically(&self.dir.summary(), &text)?;
        Ok(summary)
    }
}
