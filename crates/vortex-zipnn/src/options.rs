//! What a caller may choose.

use crate::error::{Error, Result};

/// How much time to spend on size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Prefix codes only.
    Fast,
    /// Also looks for repeated values, in samples first.
    #[default]
    Default,
    /// Tries everything on everything.
    Best,
}

/// Longest chunk when nothing else is asked for.
pub const DEFAULT_CHUNK_BYTES: usize = 1 << 20;
/// Chunks may be asked to be this short.
pub const MIN_CHUNK_BYTES: usize = 1 << 16;
/// Chunks may be asked to be this long.
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
