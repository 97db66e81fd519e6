//! Little-endian fields inside a fixed number of bytes that carry their own CRC32.

use crate::error::{Error, ErrorKind, Result};

/// CRC-32 (ISO-HDLC, as in gzip and PNG).
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// An error of kind [`ErrorKind::ChecksumMismatch`].
pub(super) fn mismatch(what: impl std::fmt::Display, found: u32, stored: u32) -> Error {
    Error::new(
        ErrorKind::ChecksumMismatch,
        format!("{what}: checksum {found:08x}, stored {stored:08x}; the file is damaged"),
    )
}

/// Bytes whose checksum was right.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    /// Checks that the four bytes at `crc` are the CRC32 of the ones before.
    pub(super) fn checked(bytes: &'a [u8], crc: usize, what: &str, at: u64) -> Result<Self> {
        let fields = Self(bytes);
        let (stored, found) = (fields.u32(crc), crc32(&bytes[..crc]));
        if stored != found {
            return Err(mismatch(format_args!("{what} at byte {at}"), found, stored));
        }
        Ok(fields)
    }

    pub(super) fn u8(&self, at: usize) -> u8 {
        self.0[at]
    }
    pub(super) fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.array(at))
    }
    pub(super) fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.array(at))
    }
    /// `at` is a constant of the format, inside the bytes.
    pub(super) fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut out = [0; N];
        out.copy_from_slice(&self.0[at..at + N]);
        out
    }
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
    /// Puts the CRC32 of everything before `at`.
    pub(super) fn seal(&mut self, at: usize) -> [u8; N] {
        let crc = crc32(&self.0[..at]);
        self.put(at, &crc.to_le_bytes()).0
    }
}
