//! The footer of a member. A reader finds it from the end of the file, and it gives the places of
//! everything else.

use super::constants::*;
use super::wire::{checked, crc32};
use crate::error::{Error, ErrorKind, Result};

/// The last 80 bytes of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footer {
    /// Bytes of the whole member after decoding.
    pub original_bytes: u64,
    /// Number of blocks.
    pub n_blocks: u64,
    /// Offset of the index from the start of the member, in bytes.
    pub index_offset: u64,
    /// Bytes from the start of the member to the end of this footer.
    pub member_bytes: u64,
    /// BLAKE3 of all original bytes.
    pub original_digest: [u8; DIGEST_BYTES],
    /// CRC32 of all index entries.
    pub index_crc: u32,
}

impl Footer {
    /// Appends the 80 bytes.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend(self.original_bytes.to_le_bytes());
        out.extend(self.n_blocks.to_le_bytes());
        out.extend(self.index_offset.to_le_bytes());
        out.extend(self.member_bytes.to_le_bytes());
        out.extend(self.original_digest);
        out.extend(self.index_crc.to_le_bytes());
        out.extend(crc32(&out[start..]).to_le_bytes());
        out.extend(END_MAGIC);
    }

    /// Reads the 80 bytes. `at` is their place in the file.
    ///
    /// # Errors
    /// `Corrupt` without the end magic or if lengths contradict each other, `ChecksumMismatch` for
    /// damage.
    pub fn read_from(bytes: &[u8; FOOTER_BYTES], at: u64) -> Result<Self> {
        let corrupt = |what: String| {
            Err(Error::new(ErrorKind::Corrupt, format!("footer at byte {at}: {what}")))
        };
        let end = FOOTER_BYTES - END_MAGIC.len();
        if bytes[end..] != END_MAGIC {
            return corrupt(format!("it ends in {:02x?}", &bytes[end..]));
        }
        let fields = checked(&bytes[..end], "footer", at)?;
        let footer = Self {
            original_bytes: fields.u64(0),
            n_blocks: fields.u64(8),
            index_offset: fields.u64(16),
            member_bytes: fields.u64(24),
            original_digest: fields.array(32),
            index_crc: fields.u32(64),
        };
        // index_offset + index + footer = member_bytes, and no sum may wrap.
        let end = footer
            .index_bytes()
            .and_then(|index| index.checked_add(footer.index_offset))
            .and_then(|end| end.checked_add(FOOTER_BYTES as u64));
        if end != Some(footer.member_bytes) || footer.index_offset < HEADER_BYTES as u64 {
            return corrupt(format!(
                "index of {} blocks at {} in a member of {} bytes",
                footer.n_blocks, footer.index_offset, footer.member_bytes
            ));
        }
        Ok(footer)
    }

    /// Bytes of the index with its header; `None` if the number of blocks is impossible.
    pub(super) fn index_bytes(&self) -> Option<u64> {
        self.n_blocks.checked_mul(INDEX_ENTRY_BYTES as u64)?.checked_add(INDEX_HEADER_BYTES as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOOTER: Footer = Footer {
        original_bytes: 1 << 40,
        n_blocks: 3,
        index_offset: 1000,
        member_bytes: 1000 + 16 + 24 + 80,
        original_digest: [9; 32],
        index_crc: 77,
    };

    fn bytes_of(footer: &Footer) -> [u8; FOOTER_BYTES] {
        let mut out = Vec::new();
        footer.write_to(&mut out);
        out.try_into().expect("80 bytes")
    }

    #[test]
    fn round_trip_and_flips() {
        assert_eq!(Footer::read_from(&bytes_of(&FOOTER), 0).unwrap(), FOOTER);
        for bit in 0..FOOTER_BYTES * 8 {
            let mut bytes = bytes_of(&FOOTER);
            bytes[bit / 8] ^= 1 << (bit % 8);
            let want = if bit / 8 < 72 { ErrorKind::ChecksumMismatch } else { ErrorKind::Corrupt };
            assert_eq!(Footer::read_from(&bytes, 0).unwrap_err().kind, want, "bit {bit}");
        }
    }

    #[test]
    fn lies_with_a_right_checksum_are_corrupt() {
        let lies = [
            Footer { n_blocks: u64::MAX, ..FOOTER },
            Footer { n_blocks: u64::MAX / 8, ..FOOTER },
            Footer { n_blocks: 4, ..FOOTER },
            Footer { index_offset: u64::MAX, ..FOOTER },
            Footer { index_offset: 999, ..FOOTER },
            Footer { index_offset: 59, member_bytes: 59 + 16 + 24 + 80, ..FOOTER },
            Footer { member_bytes: 0, ..FOOTER },
            Footer { member_bytes: u64::MAX, ..FOOTER },
        ];
        for lie in lies {
            let error = Footer::read_from(&bytes_of(&lie), 0).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Corrupt, "{lie:?}: {error}");
        }
    }
}
