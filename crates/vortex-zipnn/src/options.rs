//! The options of a caller.

use crate::error::{Error, Result};

/// How much time to spend on size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Prefix codes only.
    Fast,
    /// Also searches for repeated values, first in samples.
    #[default]
    Default,
    /// Tries all methods on all data.
    Best,
}

/// Default length of the longest chunk.
pub const DEFAULT_CHUNK_BYTES: usize = 1 << 20;
/// Smallest allowed chunk length.
pub const MIN_CHUNK_BYTES: usize = 1 << 16;
/// Largest allowed chunk length.
pub const MAX_CHUNK_BYTES: usize = 1 << 26;

/// How to compress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How much time to spend on size.
    pub level: Level,
    /// Longest chunk in bytes: the unit of threads, of checksums and of memory.
    pub chunk_bytes: usize,
    /// Worker threads; 0 is one for each core. The output does not depend on it.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { level: Level::Default, chunk_bytes: DEFAULT_CHUNK_BYTES, threads: 0 }
    }
}

impl Options {
    pub(crate) fn check(&self) -> Result<()> {
        if (MIN_CHUNK_BYTES..=MAX_CHUNK_BYTES).contains(&self.chunk_bytes) {
            return Ok(());
        }
        Err(Error::invalid_argument(format!(
            "chunks of {} bytes; {MIN_CHUNK_BYTES} to {MAX_CHUNK_BYTES} are possible",
            self.chunk_bytes
        )))
    }
}
