//! The choice of the records of a step.

mod chunks;
mod mixture;
mod parts;
mod windows;

use serde::{Deserialize, Serialize};

pub use self::mixture::{Sampler, SamplerState};
pub use self::parts::{Parts, parts};
pub use self::windows::{WindowBatch, Windows, spread};

use crate::error::{Result, TrainError};

/// How windows are drawn from the training part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SamplingConfig {
    /// The order of the windows.
    pub order: Order,
    /// Bytes of records per read, when `order` is `shuffled_chunks`.
    pub chunk_bytes: usize,
    /// Chunks that are held in memory and mixed.
    pub pool_chunks: usize,
    /// Weight of each data file in the order of the command line, `.inf` excluded; none: by size.
    pub weights: Vec<f64>,
}

/// Orders of windows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Each window begins at a random record: one small read per window.
    #[default]
    Random,
    /// Chunks are read in shuffled order, and the windows of a few chunks at a time are shuffled: large reads
    /// for files that do not fit into memory. Every record is read once per epoch.
    ShuffledChunks,
}

impl Default for SamplingConfig {
    fn default() -> Self {
        Self { order: Order::Random, chunk_bytes: 4 << 20, pool_chunks: 16, weights: Vec::new() }
    }
}

impl SamplingConfig {
    pub(crate) fn validate(&self) -> Result<()> {
        let check = TrainError::limit::<usize, &str>;
        let (chunk, pool) = (self.chunk_bytes, self.pool_chunks);
        let fits = (1..=1 << 30).contains(&chunk);
        check(fits, "sampling.chunk_bytes", chunk, "1 to 1073741824")?;
        check((1..=4096).contains(&pool), "sampling.pool_chunks", pool, "1 to 4096")?;
        let good = |w: &f64| *w > 0.0 && w.is_finite();
        match self.weights.iter().find(|w| !good(w)) {
            Some(w) => TrainError::limit(false, "sampling.weights", w, "above 0 and finite"),
            None => Ok(()),
        }
    }
}
