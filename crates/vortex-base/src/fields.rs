//! Binary headers: little-endian fields at fixed places, protected by a CRC32.

use std::fmt;

/// CRC-32 (ISO-HDLC, as in gzip and PNG).
pub fn crc32(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// A stored checksum that differs from that of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The checksum of the bytes.
    pub found: u32,
    /// The checksum in the file.
    pub stored: u32,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "checksum {:08x}, stored {:08x}", self.found, self.stored)
    }
}

/// Whether the CRC32 of `bytes` is `stored`.
///
/// # Errors
/// [`Mismatch`] if it differs.
pub fn check(bytes: &[u8], stored: u32) -> Result<(), Mismatch> {
    match crc32(bytes) {
        found if found == stored => Ok(()),
        found => Err(Mismatch { found, stored }),
    }
}

/// Fields at places that are constants of a format, inside the bytes.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(&'a [u8]);

#[allow(missing_docs)] // the names say it
impl<'a> Fields<'a> {
    /// The fields of bytes that are protected in another way, or not at all.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The fields of bytes that have the CRC32 of the ones before it at `crc`.
    ///
    /// # Errors
    /// [`Mismatch`] for damage.
    pub fn checked(bytes: &'a [u8], crc: usize) -> Result<Self, Mismatch> {
        let fields = Self(bytes);
        check(&bytes[..crc], fields.u32(crc))?;
        Ok(fields)
    }

    pub fn u8(&self, at: usize) -> u8 {
        self.0[at]
    }

    pub fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.array(at))
    }

    pub fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.array(at))
    }

    pub fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.array(at))
    }

    pub fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut out = [0; N];
        out.copy_from_slice(&self.0[at..at + N]);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_and_damage_is_seen() {
        let mut bytes: Vec<u8> = (1..=15).collect();
        bytes.extend(crc32(&bytes).to_le_bytes());
        let fields = Fields::checked(&bytes, 15).unwrap();
        assert_eq!((fields.u8(0), fields.u16(1), fields.u32(3)), (1, 0x0302, 0x0706_0504));
        assert_eq!((fields.u64(7), fields.array(0)), (0x0f0e_0d0c_0b0a_0908, [1, 2, 3]));
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            let wrong = Fields::checked(&bytes, 15).unwrap_err();
            assert_ne!(wrong.found, wrong.stored, "{bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }

    #[test]
    fn checksum_of_gzip() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let wrong = check(b"123456789", 1).unwrap_err().to_string();
        assert_eq!(wrong, "checksum cbf43926, stored 00000001");
    }
}
