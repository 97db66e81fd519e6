//! The result of a run, the contents of `summary.json`.

use std::path::PathBuf;

use serde::Serialize;

/// The work of a run and the quality of its model. Bits are per byte of held-out records.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrainSummary {
    /// Steps done, over all parts of a resumed run.
    pub steps: u64,
    /// Seconds of training, over all parts of a resumed run.
    pub seconds: f64,
    /// Bytes of training records predicted, repetitions included.
    pub bytes_seen: u64,
    /// Trained numbers.
    pub parameters: usize,
    /// Whether it was stopped by the cancel flag; then there is no model yet.
    pub cancelled: bool,
    /// Roles coded flat.
    pub flat_roles: Vec<usize>,
    /// The finished model.
    pub model: Option<ModelSummary>,
}

/// Figures of the exported model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelSummary {
    /// The `.vxm` file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Bytes that the three figures below were measured on: the same windows for each.
    pub compared_bytes: u64,
    /// The best weights of the float phase, run in floating point.
    pub float_bits_per_byte: f64,
    /// The weights of the model file with the rounding of the integer network simulated.
    pub simulated_bits_per_byte: f64,
    /// The integer network itself.
    pub integer_bits_per_byte: f64,
    /// Cost of integers: `integer / float - 1`, in percent.
    pub integer_cost_percent: f64,
    /// Bytes of the next figure: consecutive held-out records, laid out as in a `.vxc` block.
    pub block_bytes: u64,
    /// The integer network on that block.
    pub block_bits_per_byte: f64,
    /// Bits of each role in that block, per symbol.
    pub role_bits: Vec<f64>,
}
