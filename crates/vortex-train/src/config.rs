//! The configuration of a run.

use std::path::Path;

use serde::{Deserialize, Serialize};
use vortex_data::SplitRatios;
use vortex_model::ModelConfig;

use crate::error::{Result, TrainError};
use crate::optimizer::OptimizerConfig;
use crate::precision::Precision;
use crate::schedule::Budget;

/// Largest configuration file in bytes.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// All settings of a run. Every key is optional in a file; unknown keys are errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Seed of the weights and of the sampling.
    pub seed: u64,
    /// Worker threads; 0 takes all cores.
    pub threads: usize,
    /// Numbers that a device computes with.
    pub precision: Precision,
    /// Shape of the network.
    pub model: ModelConfig,
    /// Division of the records.
    pub split: SplitConfig,
    /// What one step sees.
    pub batch: BatchConfig,
    /// AdamW and its rate.
    pub optimizer: OptimizerConfig,
    /// When to stop.
    pub budget: Budget,
    /// The last, quantisation-aware part.
    pub quantise: QuantiseConfig,
    /// Measurements on held-out records.
    pub validation: ValidationConfig,
    /// Seconds between checkpoints.
    pub checkpoint_seconds: f64,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            threads: 0,
            precision: Precision::Auto,
            model: ModelConfig::default(),
            split: SplitConfig::default(),
            batch: BatchConfig::default(),
            optimizer: OptimizerConfig::default(),
            budget: Budget::default(),
            quantise: QuantiseConfig::default(),
            validation: ValidationConfig::default(),
            checkpoint_seconds: 60.0,
        }
    }
}

/// Shares of the records in file order, as whole numbers of any sum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SplitConfig {
    /// Trained on.
    pub train: u32,
    /// Validated on.
    pub validation: u32,
    /// Left alone, to judge the result by.
    pub test: u32,
}

impl Default for SplitConfig {
    fn default() -> Self {
        Self { train: 80, validation: 10, test: 10 }
    }
}

impl SplitConfig {
    /// The same for the data crate.
    pub fn ratios(&self) -> Result<SplitRatios> {
        SplitRatios::new(self.train, self.validation, self.test)
            .map_err(|e| TrainError::Data(e.to_string()))
    }
}

/// What one step sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BatchConfig {
    /// Windows a step.
    pub sequences: usize,
    /// Tokens (fields) a window; rounded to whole records, at least one.
    pub tokens: usize,
    /// Parts of a batch that are differentiated on their own, in any thread; their gradients are summed in
    /// order, so results do not depend on `threads`, only on this.
    pub shards: usize,
    /// Share of the windows that begin as a lane of a file does: with nothing before them.
    pub cold_start: f64,
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self { sequences: 8, tokens: 256, shards: 2, cold_start: 0.1 }
    }
}

/// Quantisation-aware training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QuantiseConfig {
    /// Share of the budget at its end.
    pub fraction: f64,
    /// Windows from which activation ranges are measured.
    pub calibration_sequences: usize,
}

impl Default for QuantiseConfig {
    fn default() -> Self {
        Self { fraction: 0.06, calibration_sequences: 32 }
    }
}

/// Measurements on the validation part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ValidationConfig {
    /// Validations over the whole budget.
    pub times: u64,
    /// Most bytes a validation reads, spread over the validation part.
    pub max_bytes: usize,
    /// A role that costs at least this many bits at two validations in a row is coded flat.
    pub noise_bits: f64,
}

impl Default for ValidationConfig {
    fn default() -> Self {
        Self { times: 8, max_bytes: 150_000, noise_bits: 7.99 }
    }
}

impl TrainConfig {
    /// Parses YAML; `origin` (a file name) is for the message.
    pub fn from_yaml(text: &str, origin: &str) -> Result<Self> {
        let config: Self = serde_saphyr::from_str(text).map_err(|e| TrainError::Config {
            origin: origin.to_string(),
            message: e.to_string(),
        })?;
        config.validate()?;
        Ok(config)
    }

    /// Reads a YAML file.
    pub fn read(path: &Path) -> Result<Self> {
        let size = std::fs::metadata(path).map_err(TrainError::io("read", path))?.len();
        let origin = path.display().to_string();
        if size > MAX_CONFIG_BYTES {
            let message = format!("{size} bytes, but at most {MAX_CONFIG_BYTES} are read");
            return Err(TrainError::Config { origin, message });
        }
        let text = std::fs::read_to_string(path).map_err(TrainError::io("read", path))?;
        Self::from_yaml(&text, &origin)
    }

    /// The configuration as YAML, every key written out.
    pub fn to_yaml(&self) -> Result<String> {
        serde_saphyr::to_string(self).map_err(|e| TrainError::Config {
            origin: "of this run".to_string(),
            message: e.to_string(),
        })
    }

    /// Checks every limit.
    pub fn validate(&self) -> Result<()> {
        let count = |field, value: usize, low: usize, high: usize| {
            if (low..=high).contains(&value) {
                return Ok(());
            }
            let rule = format!("{low} to {high}");
            Err(TrainError::Invalid { field, value: value.to_string(), rule })
        };
        let share = |field, value: f64, low: f64, high: f64| {
            if (low..=high).contains(&value) {
                return Ok(());
            }
            let rule = format!("{low} to {high}");
            Err(TrainError::Invalid { field, value: value.to_string(), rule })
        };
        count("threads", self.threads, 0, 1024)?;
        for (field, value) in
            [("split.train", self.split.train), ("split.validation", self.split.validation)]
        {
            if value == 0 {
                let (value, rule) = (value.to_string(), "at least 1".to_string());
                return Err(TrainError::Invalid { field, value, rule });
            }
        }
        count("batch.sequences", self.batch.sequences, 1, 65_536)?;
        count("batch.tokens", self.batch.tokens, 1, 1 << 20)?;
        count("batch.shards", self.batch.shards, 1, self.batch.sequences)?;
        share("batch.cold_start", self.batch.cold_start, 0.0, 1.0)?;
        self.optimizer.validate()?;
        self.budget.validate()?;
        share("quantise.fraction", self.quantise.fraction, 0.0, 0.9)?;
        count("quantise.calibration_sequences", self.quantise.calibration_sequences, 1, 65_536)?;
        count("validation.times", self.validation.times as usize, 1, 100_000)?;
        count("validation.max_bytes", self.validation.max_bytes, 1, 1 << 30)?;
        share("validation.noise_bits", self.validation.noise_bits, 7.0, 64.0)?;
        share("checkpoint_seconds", self.checkpoint_seconds, 1.0, 1e6)?;
        self.model
            .validate()
            .map_err(|e| TrainError::Model(format!("section `model` of the configuration: {e}")))
    }

    /// Threads to use on this machine.
    pub(crate) fn worker_threads(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            n => n,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_yaml_reads_back_the_same() {
        let mut config = TrainConfig { seed: u64::MAX, ..Default::default() };
        config.budget.max_steps = Some(17);
        config.optimizer.clip_norm = f64::INFINITY;
        let text = config.to_yaml().unwrap();
        assert_eq!(TrainConfig::from_yaml(&text, "test").unwrap(), config, "{text}");
    }

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(TrainConfig::from_yaml("{}", "t").unwrap(), TrainConfig::default());
    }

    #[test]
    fn the_files_in_configs_are_valid_and_the_small_one_is_the_default() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
        let small = TrainConfig::read(&folder.join("cpu_small.yaml")).unwrap();
        assert_eq!(small, TrainConfig::default());
        TrainConfig::read(&folder.join("cpu_medium.yaml")).unwrap();
    }

    #[test]
    fn unknown_keys_are_refused_with_their_place() {
        let text = "seed: 3\noptimizer:\n  lerning_rate: 0.1\n";
        let error = TrainConfig::from_yaml(text, "a.yaml").unwrap_err().to_string();
        assert!(error.contains("a.yaml"), "{error}");
        assert!(error.contains("lerning_rate"), "{error}");
        assert!(error.contains("learning_rate"), "{error}");
        assert!(error.contains('3'), "line: {error}");
    }

    #[test]
    fn limits_name_the_field_the_value_and_the_rule() {
        for (text, field) in [
            ("batch: {sequences: 0}", "batch.sequences"),
            ("batch: {sequences: 4, shards: 5}", "batch.shards"),
            ("optimizer: {learning_rate: -1}", "optimizer.learning_rate"),
            ("optimizer: {learning_rate: .nan}", "optimizer.learning_rate"),
            ("split: {validation: 0}", "split.validation"),
            ("budget: {max_seconds: null}", "budget"),
            ("validation: {noise_bits: 2}", "validation.noise_bits"),
        ] {
            let error = TrainConfig::from_yaml(text, "t").unwrap_err().to_string();
            assert!(error.contains(&format!("`{field}`")), "{text}: {error}");
        }
    }
}
