//! Little-endian fields inside a fixed number of bytes that end in their own CRC32.

use super::constants::CRC_BYTES;
use crate::error::{Error, Result};

/// CRC-32 (ISO-HDLC, as in gzip and PNG).
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// Bytes whose checksum was right.
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Checks that the last four bytes are the CRC32 of the ones before.
    pub(super) fn checked(bytes: &'a [u8], what: &str, at: u64) -> Result<Self> {
        let fields = Self(bytes);
        let end = bytes.len() - CRC_BYTES;
        let (stored, found) = (fields.u32(end), crc32(&bytes[..end]));
        if stored != found {
            return Err(Error::damaged(format_args!(
                "{what} at byte {at}: checksum {found:08x}, stored {stored:08x}"
            )));
        }
        Ok(fields)
    }

    pub(super) fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.array(at))
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
