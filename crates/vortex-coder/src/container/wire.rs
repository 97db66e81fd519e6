//! Checksums of the format, and the errors for damage.

use std::fmt::Display;

use vortex_base::fields::{self, Mismatch};
pub(super) use vortex_base::fields::{Fields, crc32};

use super::constants::CRC_BYTES;
use crate::error::{Error, Result};

/// The fields of bytes that end with the CRC32 of the bytes before. `what` and `at` describe them
/// in errors.
pub(super) fn checked<'a>(bytes: &'a [u8], what: &str, at: u64) -> Result<Fields<'a>> {
    Fields::checked(bytes, bytes.len() - CRC_BYTES).map_err(|wrong| damaged(what, at, wrong))
}

/// Whether the CRC32 of `bytes` is `stored`.
pub(super) fn check(bytes: &[u8], stored: u32, what: &str, at: u64) -> Result<()> {
    fields::check(bytes, stored).map_err(|wrong| damaged(what, at, wrong))
}

/// The error for a wrong checksum of a part of the file.
pub(super) fn damaged(what: impl Display, at: u64, wrong: Mismatch) -> Error {
    Error::damaged(format_args!("{what} at byte {at}: {wrong}"))
}
