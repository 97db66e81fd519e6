//! Files that are read by position, from any thread.

use std::fs::File;
use std::io::{Read, Result};
use std::sync::Arc;

use vortex_base::position::read_exact_at;

/// A file.
#[derive(Clone, Debug)]
pub(super) struct Positioned {
    pub(super) file: Arc<File>,
    pub(super) len: u64,
}

impl Positioned {
    /// Reads from `at` on, up to `end`.
    pub(super) fn reading(&self, at: u64, end: u64) -> Reading {
        Reading { file: Arc::clone(&self.file), at, end: end.min(self.len) }
    }

    /// `len` bytes from `at` on, which must be there.
    pub(super) fn bytes(&self, at: u64, len: u64) -> std::result::Result<Vec<u8>, String> {
        if at.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(format!("{len} bytes from {at} on, in a file of {}", self.len));
        }
        let mut bytes = vec![0; len as usize];
        read_exact_at(&self.file, &mut bytes, at).map_err(|e| e.to_string())?;
        Ok(bytes)
    }
}

/// A part of a file.
pub(super) struct Reading {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Read for Reading {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let n = (out.len() as u64).min(self.end.saturating_sub(self.at)) as usize;
        read_exact_at(&self.file, &mut out[..n], self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}
