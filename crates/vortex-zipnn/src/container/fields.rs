//! The fields of headers, and their CRC32.

use vortex_base::fields::{self, Mismatch};
pub(super) use vortex_base::fields::{Fields, crc32};

use crate::error::{Error, ErrorKind, Result};

/// The fields of bytes that have the CRC32 of the ones before it at `crc`. `what` and `at` describe
/// them in errors.
pub(super) fn checked<'a>(bytes: &'a [u8], crc: usize, what: &str, at: u64) -> Result<Fields<'a>> {
    let what = format_args!("{what} at byte {at}");
    Fields::checked(bytes, crc).map_err(|wrong| damaged(what, wrong))
}

/// Whether the CRC32 of `bytes` is `stored`.
pub(super) fn check(bytes: &[u8], stored: u32, what: &str) -> Result<()> {
    fields::check(bytes, stored).map_err(|wrong| damaged(what, wrong))
}

fn damaged(what: impl std::fmt::Display, wrong: Mismatch) -> Error {
    Error::new(ErrorKind::ChecksumMismatch, format!("{what}: {wrong}; the file is damaged"))
}

/// Fields of fixed places, zero at first.
pub(super) struct Filled<const N: usize>(pub [u8; N]);

impl<const N: usize> Filled<N> {
    pub(super) fn new() -> Self {
        Self([0; N])
    }
    pub(super) fn put(&mut self, at: usize, bytes: &[u8]) -> &mut Self {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }
    /// Writes the CRC32 of everything before `at`.
    pub(super) fn seal(&mut self, at: usize) -> [u8; N] {
        let crc = crc32(&self.0[..at]);
        self.put(at, &crc.to_le_bytes()).0
    }
}
