//! The index after the last block, which gives the place of each block.

use super::block::BlockHeader;
use super::constants::*;
use super::wire::{checked, crc32};
use crate::error::{Error, ErrorKind, Result};

/// The 16 bytes before the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexHeader {
    /// Number of entries, which is the number of blocks.
    pub n_blocks: u64,
}

impl IndexHeader {
    /// Appends the 16 bytes.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend([INDEX_TAG, 0, 0, 0]);
        out.extend(self.n_blocks.to_le_bytes());
        out.extend(crc32(&out[start..]).to_le_bytes());
    }

    /// Reads the 16 bytes; the caller has checked the tag. `at` is their place in the file.
    ///
    /// # Errors
    /// `ChecksumMismatch` for damage, `Corrupt` for reserved bytes that are not zero.
    pub fn read_from(bytes: &[u8; INDEX_HEADER_BYTES], at: u64) -> Result<Self> {
        let fields = checked(bytes, "index", at)?;
        if bytes[1..4] != [0; 3] {
            return Err(Error::new(
                ErrorKind::Corrupt,
                format!("index at byte {at}: reserved bytes {:02x?} are not zero", &bytes[1..4]),
            ));
        }
        Ok(Self { n_blocks: fields.u64(4) })
    }
}

/// One block in the index. Offsets are the sums of the entries before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// Bytes of the block after decoding.
    pub original_bytes: u32,
    /// Bytes of the block in the file, its header included.
    pub stored_bytes: u32,
}

impl IndexEntry {
    /// The entry of a block.
    ///
    /// # Errors
    /// `LimitExceeded` for a payload whose length needs more than 32 bits; a header from a file
    /// never has one.
    pub fn of(header: &BlockHeader) -> Result<Self> {
        let stored_bytes = u32::try_from(header.stored_bytes()).map_err(|_| {
            Error::limit_exceeded(format!(
                "a payload of {} bytes; {MAX_BLOCK_BYTES} are possible",
                header.payload_bytes
            ))
        })?;
        Ok(Self { original_bytes: header.original_bytes, stored_bytes })
    }

    /// The 8 bytes.
    pub fn to_bytes(self) -> [u8; INDEX_ENTRY_BYTES] {
        (u64::from(self.original_bytes) | u64::from(self.stored_bytes) << 32).to_le_bytes()
    }

    /// Reads the 8 bytes. Any values are possible here; they are compared with the blocks later.
    pub fn from_bytes(bytes: [u8; INDEX_ENTRY_BYTES]) -> Self {
        let [o0, o1, o2, o3, s0, s1, s2, s3] = bytes;
        Self {
            original_bytes: u32::from_le_bytes([o0, o1, o2, o3]),
            stored_bytes: u32::from_le_bytes([s0, s1, s2, s3]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_flips() {
        let header = IndexHeader { n_blocks: 0x0102_0304_0506_0708 };
        let mut out = Vec::new();
        header.write_to(&mut out);
        let bytes: [u8; INDEX_HEADER_BYTES] = out.try_into().expect("16 bytes");
        assert_eq!(IndexHeader::read_from(&bytes, 0).unwrap(), header);
        for bit in 0..INDEX_HEADER_BYTES * 8 {
            let mut bytes = bytes;
            bytes[bit / 8] ^= 1 << (bit % 8);
            let error = IndexHeader::read_from(&bytes, 0).unwrap_err();
            assert_eq!(error.kind, ErrorKind::ChecksumMismatch);
        }
        let entry = IndexEntry { original_bytes: 0x0102_0304, stored_bytes: 0x0506_0708 };
        assert_eq!(entry.to_bytes(), [4, 3, 2, 1, 8, 7, 6, 5]);
        assert_eq!(IndexEntry::from_bytes(entry.to_bytes()), entry);
    }
}
