//! Imports a checkpoint of the Python prototype as a run that training can continue.

use std::path::{Path, PathBuf};

use vortex_coder::layout::RecordLayout;
use vortex_coder::schema::Schema;
use vortex_data::RecordSet;
use vortex_data::sidecar::to_yaml;
use vortex_infer::{Instructions, IntModel};
use vortex_model::{PositionKind, ProductionModel};

pub use vortex_model::prototype::{Options, Prototype};

use crate::backend::{CpuBackend, TrainBackend};
use crate::checkpoint::{Checkpoint, State, VERSION};
use crate::config::TrainConfig;
use crate::early_stopping::Stalling;
use crate::error::{Result, TrainError};
use crate::files::{RunDir, write_atomically};
use crate::observer::Phase;
use crate::optimizer::AdamW;
use crate::parameters::flatten;
use crate::rng::Rng;
use crate::sampler::{Sampler, SamplerState, parts};
use crate::validate::{block_cost, held_out_block};
use crate::workers::seeded;

/// Most bytes of held-out records that the integer network is measured on.
const MEASURED_BYTES: u64 = 32 << 10;

/// A run with an imported model.
#[derive(Debug)]
pub struct ImportedRun {
    dir: RunDir,
    config: TrainConfig,
    schema: Schema,
    schema_file: PathBuf,
    model: ProductionModel<<CpuBackend as TrainBackend>::Forward>,
}

/// An exported model.
#[derive(Clone, Debug, PartialEq)]
pub struct Exported {
    /// The model file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Bits per byte of the integer network on held-out records.
    pub bits_per_byte: f64,
    /// Bytes of those records.
    pub measured_bytes: u64,
}

/// Default settings of fine-tuning: a low rate, windows as long as the attention's.
pub fn default_config() -> TrainConfig {
    let mut config = TrainConfig::default();
    config.model.window = Options::default().window;
    config.batch.tokens = config.model.window;
    config.optimizer.learning_rate = 3e-4;
    config
}

impl ImportedRun {
    /// Writes the run: configuration, schema and a checkpoint of step 0.
    ///
    /// `config` is the configuration of the later training; its `model` section is replaced by that
    /// of the checkpoint.
    ///
    /// # Errors
    /// [`TrainError::Model`] names tensors that do not fit.
    pub fn create(prototype: Prototype, config: &TrainConfig, run_dir: &Path) -> Result<Self> {
        debug_assert_eq!(prototype.config().positions, PositionKind::Learned);
        let config = TrainConfig { model: prototype.config().clone(), ..config.clone() };
        config.validate()?;
        let schema = prototype.schema();
        let device = Default::default();
        let guard = seeded::<<CpuBackend as TrainBackend>::Forward>(&device, config.seed);
        let model = prototype
            .into_model::<<CpuBackend as TrainBackend>::Forward>(&device)
            .map_err(|e| TrainError::Model(e.to_string()))?;
        let (map, params) = flatten(&model);
        drop(guard);
        let roles = model.spec().n_roles();
        let checkpoint = Checkpoint {
            state: State {
                version: VERSION,
                step: 0,
                adam_steps: 0,
                seconds: 0.0,
                phase: Phase::Float,
                best: None,
                best_step: 0,
                float_best: None,
                smooth: None,
                // No data were chosen yet.
                sampler: SamplerState { rng: Rng::new(config.seed).to_hex(), places: Vec::new() },
                file_records: Vec::new(),
                flat: vec![false; roles],
                noise: vec![false; roles],
                stalling: Stalling::default(),
                skipped: 0.0,
                validations: 0,
                finished: false,
                quant: None,
                metrics_bytes: 0,
                config: config.clone(),
            },
            adam: AdamW::new(params.len()),
            params,
        };
        let dir = RunDir::open(run_dir, false)?;
        let schema_file = run_dir.join("records.schema.yaml");
        write_atomically(&schema_file, to_yaml(&schema).as_bytes())?;
        write_atomically(&dir.config(), config.to_yaml()?.as_bytes())?;
        checkpoint.save(&dir.last(), &map)?;
        Ok(Self { dir, config, schema, schema_file, model })
    }

    /// Configuration of the later training.
    pub fn config(&self) -> &TrainConfig {
        &self.config
    }

    /// The records of the model: single bytes.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The schema file for `--schema`.
    pub fn schema_file(&self) -> &Path {
        &self.schema_file
    }

    /// Writes the model file; its ranges are chosen on records of [`Self::schema`].
    ///
    /// # Errors
    /// [`TrainError::Data`] when there are too few records, [`TrainError::Model`] when the weights do not
    /// fit the integer network.
    pub fn export(&self, data: &RecordSet) -> Result<Exported> {
        let model_error = |e: String| TrainError::Model(e);
        let split = parts(data, self.config.split.ratios()?)?;
        let layout = RecordLayout::new(self.schema.clone());
        let records = (self.config.batch.tokens / layout.n_fields()).max(1);
        let (seed, sampling) = (self.config.seed, &self.config.sampling);
        let mut sampler = Sampler::new(data, &layout, &split, records, sampling, seed)?;
        let n = self.config.quantise.calibration_sequences;
        let batch = sampler.draw(n, self.config.batch.cold_start)?;
        let quant = self.model.calibrate(&self.model.batch(&batch.symbols, batch.windows));
        let network = self.model.export(&quant).map_err(|e| model_error(e.to_string()))?;
        let model = IntModel::new(network, Instructions::detect())
            .map_err(|e| model_error(e.to_string()))?;

        let block = held_out_block(data, &layout, &split, MEASURED_BYTES)?;
        let cost = block_cost(&model, &block)?;
        let path = self.dir.model();
        write_atomically(&path, model.bytes())?;
        Ok(Exported {
            path,
            bytes: model.bytes().len() as u64,
            bits_per_byte: cost.bits_per_byte,
            measured_bytes: block.len() as u64,
        })
    }
}
