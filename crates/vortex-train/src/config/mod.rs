//! The configuration of a run.

mod place;

use std::path::Path;

use serde::{Deserialize, Serialize};
use vortex_data::SplitRatios;
use vortex_model::ModelConfig;

pub use crate::early_stopping::EarlyStoppingConfig;
use crate::error::{Result, TrainError};
pub use crate::optimizer::OptimizerConfig;
pub use crate::precision::Precision;
pub use crate::sampler::{Order, SamplingConfig};
pub use crate::schedule::Budget;

/// Largest configuration file in bytes.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// The error of a value, with the place of the value in the text.
fn with_line(error: TrainError, text: &str, origin: &str) -> TrainError {
    let TrainError::Invalid { field, value, rule } = error else { return error };
    let line = place::line_of(text, &field);
    let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
    let message = format!("{line}`{field}` is {value}, but must be {rule}");
    TrainError::Config { origin: origin.to_string(), message }
}

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
    /// The batch of one step.
    pub batch: BatchConfig,
    /// What the search before training looks for in the values of the fields.
    pub search: SearchConfig,
    /// How windows are drawn from the data.
    pub sampling: SamplingConfig,
    /// AdamW and its rate.
    pub optimizer: OptimizerConfig,
    /// When to stop.
    pub budget: Budget,
    /// The last, quantisation-aware part.
    pub quantise: QuantiseConfig,
    /// Measurements on held-out records.
    pub validation: ValidationConfig,
    /// When the float phase ends early.
    pub early_stopping: EarlyStoppingConfig,
    /// When the run is saved.
    pub checkpoints: CheckpointConfig,
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
            search: SearchConfig::default(),
            sampling: SamplingConfig::default(),
            optimizer: OptimizerConfig::default(),
            budget: Budget::default(),
            quantise: QuantiseConfig::default(),
            validation: ValidationConfig::default(),
            early_stopping: EarlyStoppingConfig::default(),
            checkpoints: CheckpointConfig::default(),
        }
    }
}

/// Shares of the records in file order, as whole numbers of any sum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SplitConfig {
    /// Share for training.
    pub train: u32,
    /// Share for validation.
    pub validation: u32,
    /// Share for the final test, which training never reads.
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
        SplitRatios::new(self.train, self.validation, self.test).map_err(TrainError::data)
    }
}

/// What the search before training looks for in the values of the fields; findings become part of
/// the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SearchConfig {
    /// Single precision numbers that were printed as decimals.
    pub decimals: bool,
    /// Sums and roots of sums of squares of other fields.
    pub laws: bool,
    /// Fields that are coded best as their distance from the previous record.
    pub deltas: bool,
}

impl Default for SearchConfig {
    fn default() -> Self {
        Self { decimals: true, laws: true, deltas: true }
    }
}

impl From<SearchConfig> for vortex_data::Search {
    fn from(SearchConfig { decimals, laws, deltas }: SearchConfig) -> Self {
        Self { decimals, laws, deltas }
    }
}

/// The batch of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BatchConfig {
    /// Windows per step.
    pub sequences: usize,
    /// Tokens (fields) per window; rounded to whole records, at least one.
    pub tokens: usize,
    /// Parts of a batch that are differentiated separately, in any thread. Their gradients are
    /// summed in order, so results depend on this number but not on `threads`.
    pub shards: usize,
    /// Batches whose gradients are summed for one step: the same result as with `sequences` and
    /// `shards` multiplied by this number.
    pub accumulate: usize,
    /// Tokens of the chunks that windows are cut into, one of these sizes is drawn for each step;
    /// without sizes, training uses whole windows. The past is carried across chunks without its
    /// gradient.
    pub chunks: Vec<usize>,
    /// Whether layers are computed again in the backward pass: less memory, more time.
    pub gradient_checkpointing: bool,
    /// Share of the windows that begin like a lane of a file, without earlier tokens.
    pub cold_start: f64,
}

impl BatchConfig {
    /// Windows of one optimiser step.
    pub fn windows(&self) -> usize {
        self.sequences * self.accumulate
    }

    fn validate(&self) -> Result<()> {
        count("batch.sequences", self.sequences, 1, 65_536)?;
        count("batch.tokens", self.tokens, 1, 1 << 20)?;
        count("batch.shards", self.shards, 1, self.sequences)?;
        count("batch.accumulate", self.accumulate, 1, 65_536)?;
        count("batch.chunks", self.chunks.len(), 0, 16)?;
        for &chunk in &self.chunks {
            count("batch.chunks", chunk, 1, 1 << 20)?;
        }
        TrainError::limit(
            !self.gradient_checkpointing || self.chunks.is_empty(),
            "batch.gradient_checkpointing",
            true,
            "false where `batch.chunks` are used",
        )?;
        share("batch.cold_start", self.cold_start, 0.0, 1.0)
    }
}

fn count(field: &'static str, value: usize, low: usize, high: usize) -> Result<()> {
    TrainError::limit((low..=high).contains(&value), field, value, format!("{low} to {high}"))
}

fn share(field: &'static str, value: f64, low: f64, high: f64) -> Result<()> {
    TrainError::limit((low..=high).contains(&value), field, value, format!("{low} to {high}"))
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self {
            sequences: 8,
            tokens: 256,
            shards: 2,
            accumulate: 1,
            chunks: Vec::new(),
            gradient_checkpointing: false,
            cold_start: 0.1,
        }
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
    /// Most bytes that a validation reads, spread over the validation part.
    pub max_bytes: usize,
    /// A role that costs at least this many bits at two validations in a row is coded flat.
    pub noise_bits: f64,
}

impl Default for ValidationConfig {
    fn default() -> Self {
        Self { times: 8, max_bytes: 150_000, noise_bits: 7.99 }
    }
}

/// When the run is saved. Besides, it is saved with every new best validation and at the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CheckpointConfig {
    /// Most seconds between two checkpoints.
    pub seconds: f64,
    /// After each such number of steps, a checkpoint is written that later ones do not replace.
    pub every_steps: Option<u64>,
    /// How many of these checkpoints are kept; the oldest are removed first.
    pub keep: usize,
    /// Stored as `vortex compress-weights` does, under the same names.
    pub compress: bool,
}

impl Default for CheckpointConfig {
    fn default() -> Self {
        Self { seconds: 60.0, every_steps: None, keep: 3, compress: false }
    }
}

/// The message of the parser, with the line of the text if the message does not name the key.
fn with_key(error: &serde_saphyr::Error, text: &str) -> String {
    let message = error.to_string();
    let number = error.location().and_then(|at| usize::try_from(at.line()).ok()).unwrap_or(0);
    let line = number.checked_sub(1).and_then(|n| text.lines().nth(n)).unwrap_or_default().trim();
    let key = line.split(':').next().unwrap_or_default();
    if message.contains(key) { message } else { format!("{message}: {line}") }
}

impl TrainConfig {
    /// Parses YAML; `origin` (a file name) is for the message.
    pub fn from_yaml(text: &str, origin: &str) -> Result<Self> {
        // Use one line, without the lines of context: they would repeat the message.
        let options = serde_saphyr::options! { with_snippet: false };
        let config: Self = serde_saphyr::from_str_with_options(text, options).map_err(|e| {
            TrainError::Config { origin: origin.to_string(), message: with_key(&e, text) }
        })?;
        config.validate().map_err(|error| with_line(error, text, origin))?;
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
        count("threads", self.threads, 0, 1024)?;
        for (field, value) in
            [("split.train", self.split.train), ("split.validation", self.split.validation)]
        {
            TrainError::limit(value > 0, field, value, "at least 1")?;
        }
        self.batch.validate()?;
        self.sampling.validate()?;
        self.optimizer.validate()?;
        self.early_stopping.validate()?;
        self.budget.validate()?;
        share("quantise.fraction", self.quantise.fraction, 0.0, 0.9)?;
        count("quantise.calibration_sequences", self.quantise.calibration_sequences, 1, 65_536)?;
        count("validation.times", self.validation.times as usize, 1, 100_000)?;
        count("validation.max_bytes", self.validation.max_bytes, 1, 1 << 30)?;
        share("validation.noise_bits", self.validation.noise_bits, 7.0, 64.0)?;
        share("checkpoints.seconds", self.checkpoints.seconds, 1.0, 1e6)?;
        count(
            "checkpoints.every_steps",
            self.checkpoints.every_steps.unwrap_or(1) as usize,
            1,
            usize::MAX,
        )?;
        count("checkpoints.keep", self.checkpoints.keep, 1, 10_000)?;
        self.model.validate().map_err(|error| match error {
            vortex_model::Error::Config { name, value, allowed } => {
                TrainError::Invalid { field: name.into(), value: value.to_string(), rule: allowed }
            }
            other => TrainError::Model(format!("section `model` of the configuration: {other}")),
        })
    }

    /// Threads to use on this machine.
    pub(crate) fn worker_threads(&self) -> usize {
        vortex_coder::threads::count(self.threads)
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
    fn mistakes_are_told_with_file_line_and_what_is_allowed() {
        let head = "# A comment.\nseed: 3\n";
        for (mistake, line, words) in [
            ("optimizer:\n  lerning_rate: 0.1\n", 4, &["lerning_rate", "learning_rate"][..]),
            ("threads: many\n", 3, &["threads: many"]),
            ("model:\n  architecture: best\n", 4, &["best", "optimised", "reference"]),
            ("sampling: {order: sorted}\n", 3, &["sorted", "random", "shuffled_chunks"]),
            ("batch:\n  sequences: 0\n", 4, &["`batch.sequences` is 0", "1 to 65536"]),
            ("batch: {sequences: 4,\n  shards: 5}\n", 4, &["`batch.shards` is 5", "1 to 4"]),
            ("batch:\n  sequences: 1\n", 4, &["`batch.shards` is 2", "1 to 1"]),
            ("model:\n  d_model: 30\n", 4, &["`model.n_heads` is 4", "divisor of model.d_model"]),
            ("model:\n  head:\n    d_ff: 4\n", 5, &["`model.head.d_ff` is 4", "8 to 8192"]),
            ("budget:\n  max_seconds: null\n", 4, &["`budget` is empty", "max_steps"]),
            ("optimizer:\n  learning_rate: .nan\n", 4, &["learning_rate` is NaN", "at most 1"]),
            ("seed: 4\n", 3, &["seed"]),
            ("split: [\n", 0, &["bad.yaml"]),
        ] {
            let text = format!("{head}{mistake}");
            let error = TrainConfig::from_yaml(&text, "bad.yaml").unwrap_err().to_string();
            assert!(error.contains("bad.yaml"), "{error}");
            assert!(line == 0 || error.contains(&format!("line {line}")), "{mistake}{error}");
            words.iter().for_each(|word| assert!(error.contains(word), "{mistake}{error}"));
            assert!(!error.contains("-->"), "{mistake}{error}");
        }
    }

    #[test]
    fn limits_name_the_field_the_value_and_the_rule() {
        for (text, field) in [
            ("split: {validation: 0}", "split.validation"),
            ("validation: {noise_bits: 2}", "validation.noise_bits"),
            ("batch: {accumulate: 0}", "batch.accumulate"),
            ("batch: {chunks: [128, 0]}", "batch.chunks"),
            (
                "batch: {chunks: [128], gradient_checkpointing: true}",
                "batch.gradient_checkpointing",
            ),
            ("sampling: {chunk_bytes: 0}", "sampling.chunk_bytes"),
            ("sampling: {weights: [1, -1]}", "sampling.weights"),
            ("early_stopping: {min_delta: -1}", "early_stopping.min_delta"),
            ("checkpoints: {every_steps: 0}", "checkpoints.every_steps"),
        ] {
            let error = TrainConfig::from_yaml(text, "t").unwrap_err().to_string();
            assert!(error.contains(&format!("`{field}`")), "{text}: {error}");
        }
    }
}
