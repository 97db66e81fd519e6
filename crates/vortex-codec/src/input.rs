//! Input files, which other programs may write to while they are read.

use std::fs::Metadata;
use std::path::Path;

use vortex_base::unchanged::Before;

use crate::error::{Error, ErrorKind, Result};

/// Compares a file with `metadata`, which was taken before its first byte was read; `read` is the
/// number of bytes that were read.
///
/// # Errors
/// [`ErrorKind::InputChanged`] if the file was written to, and those of the system.
pub fn check_unchanged(path: &Path, metadata: &Metadata, read: u64) -> Result<()> {
    match Before::of(metadata).change(path, read)? {
        None => Ok(()),
        Some(change) => Err(Error::new(ErrorKind::InputChanged, change)),
    }
}
