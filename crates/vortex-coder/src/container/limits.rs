//! Limits of a reader for files that it does not trust.

use super::constants::*;
use crate::error::{Error, Result};

/// Limits for the memory that a file can make a reader allocate. The defaults accept every file of
/// the writer, except those with models larger than 256 MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest block in bytes. A reader holds about two blocks per thread, the original and the
    /// payload.
    pub max_block_bytes: u32,
    /// Longest schema in bytes.
    pub max_schema_bytes: u32,
    /// Longest embedded model in bytes.
    pub max_model_bytes: u32,
    /// Most bytes of indexes and of schemas that [`super::IndexedReader`] keeps, over all members.
    pub max_index_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_block_bytes: MAX_BLOCK_BYTES,
            max_schema_bytes: MAX_SCHEMA_BYTES,
            max_model_bytes: 256 << 20,
            max_index_bytes: 256 << 20,
        }
    }
}

impl Limits {
    /// `LimitExceeded` if `value` is above `limit`; the message names both, and the setting to
    /// raise.
    pub(super) fn check(value: u64, limit: u64, what: &str, setting: &str) -> Result<()> {
        if value <= limit {
            return Ok(());
        }
        Err(Error::limit_exceeded(format!(
            "{what} of {value} bytes; {limit} are allowed (raise Limits::{setting})"
        )))
    }
}
