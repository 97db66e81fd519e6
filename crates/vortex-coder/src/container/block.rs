//! The header before each block's payload.

use super::constants::*;
use super::wire::{checked, crc32};
use crate::error::{Error, ErrorKind, Result};

/// How the payload of a block is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Method {
    /// Unchanged.
    Raw = 0,
    /// One zstd frame.
    Zstd = 1,
    /// Whole records coded with the member's predictor, then the tail.
    Modelled = 2,
}

/// The 28 bytes before each block's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockHeader {
    /// How the payload is coded.
    pub method: Method,
    /// Lanes of a modelled block, 1..=1024; otherwise 0.
    pub lanes: u16,
    /// Bytes after decoding.
    pub original_bytes: u32,
    /// Bytes between this header and the next, the coded tail included.
    pub payload_bytes: u32,
    /// Of a modelled block: original bytes after its last whole record.
    pub tail_bytes: u16,
    /// Of a modelled block: bytes at the end of the payload that hold the tail; as many as
    /// `tail_bytes` when it is raw, fewer when it is a zstd frame.
    pub tail_payload_bytes: u16,
    /// CRC32 of the bytes after decoding; 0 in a short member, whose digest is that of its block.
    pub original_crc: u32,
    /// CRC32 of the payload.
    pub payload_crc: u32,
}

impl Method {
    /// The method with a number in the file.
    pub(super) fn from_code(code: u8) -> Option<Self> {
        [Self::Raw, Self::Zstd, Self::Modelled].into_iter().find(|method| *method as u8 == code)
    }
}

impl BlockHeader {
    /// Appends the 28 bytes.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend([BLOCK_TAG, self.method as u8]);
        out.extend(self.lanes.to_le_bytes());
        out.extend(self.original_bytes.to_le_bytes());
        out.extend(self.payload_bytes.to_le_bytes());
        out.extend(self.tail_bytes.to_le_bytes());
        out.extend(self.tail_payload_bytes.to_le_bytes());
        out.extend(self.original_crc.to_le_bytes());
        out.extend(self.payload_crc.to_le_bytes());
        out.extend(crc32(&out[start..]).to_le_bytes());
    }

    /// Reads the 28 bytes; the caller has checked the tag. `at` is their place in the file.
    ///
    /// # Errors
    /// `ChecksumMismatch` for damage, `UnsupportedVersion` for a method of a later version, and
    /// `Corrupt` for lengths that contradict each other or `block_bytes`, the member's nominal
    /// block length.
    pub fn read_from(bytes: &[u8; BLOCK_HEADER_BYTES], block_bytes: u32, at: u64) -> Result<Self> {
        let fields = checked(bytes, "block header", at)?;
        let method = Method::from_code(bytes[1]).ok_or_else(|| {
            Error::new(
                ErrorKind::UnsupportedVersion,
                format!(
                    "block at byte {at}: method {} is from a newer program; use a newer version",
                    bytes[1]
                ),
            )
        })?;
        let header = Self {
            method,
            lanes: fields.u16(2),
            original_bytes: fields.u32(4),
            payload_bytes: fields.u32(8),
            tail_bytes: fields.u16(12),
            tail_payload_bytes: fields.u16(14),
            original_crc: fields.u32(16),
            payload_crc: fields.u32(20),
        };
        header.check(block_bytes, at)?;
        Ok(header)
    }

    /// Checks the lengths.
    ///
    /// # Errors
    /// `Corrupt` if they contradict each other or `block_bytes`.
    pub(super) fn check(&self, block_bytes: u32, at: u64) -> Result<()> {
        match self.contradiction(block_bytes) {
            Some(what) => Err(Error::corrupt(format!("block at byte {at}: {what}"))),
            None => Ok(()),
        }
    }

    /// Describes a contradiction of the lengths, if there is one.
    fn contradiction(&self, block_bytes: u32) -> Option<String> {
        let Self { original_bytes: original, payload_bytes: payload, lanes, .. } = *self;
        let (tail, coded_tail) = (self.tail_bytes, self.tail_payload_bytes);
        if original == 0 || original > block_bytes {
            return Some(format!("{original} original bytes in blocks of at most {block_bytes}"));
        }
        let fits = match self.method {
            Method::Raw => payload == original,
            Method::Zstd => payload > 0 && payload < original,
            // Symbols that are predicted perfectly need no bytes.
            Method::Modelled => payload < original,
        };
        if !fits {
            return Some(format!("{original} bytes {:?} in {payload}", self.method));
        }
        if self.method != Method::Modelled {
            return (lanes != 0 || tail != 0 || coded_tail != 0)
                .then(|| format!("{lanes} lanes and a tail of {tail} bytes without a model"));
        }
        if lanes == 0 || lanes > MAX_LANES {
            return Some(format!("{lanes} lanes, 1..={MAX_LANES} are allowed"));
        }
        if u32::from(tail) >= original
            || coded_tail > tail
            || (tail > 0) != (coded_tail > 0)
            || u32::from(coded_tail) > payload
        {
            return Some(format!(
                "tail of {tail} bytes in {coded_tail}, of {original} bytes in {payload}"
            ));
        }
        None
    }

    /// Checks the rules that depend on the schema.
    ///
    /// # Errors
    /// `Corrupt` unless a modelled block is whole records and a tail shorter than a record, and
    /// no lane is without a record.
    pub(super) fn check_stride(&self, stride: usize) -> Result<()> {
        if self.method != Method::Modelled {
            return Ok(());
        }
        let (records, tail) =
            (self.original_bytes as usize / stride, self.original_bytes as usize % stride);
        if tail != usize::from(self.tail_bytes) || records < usize::from(self.lanes) {
            return Err(Error::new(
                ErrorKind::Corrupt,
                format!(
                    "{} bytes with a tail of {} in {} lanes; records have {stride} bytes",
                    self.original_bytes, self.tail_bytes, self.lanes
                ),
            ));
        }
        Ok(())
    }

    /// Bytes of header and payload.
    pub fn stored_bytes(&self) -> u64 {
        BLOCK_HEADER_BYTES as u64 + u64::from(self.payload_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: BlockHeader = BlockHeader {
        method: Method::Modelled,
        lanes: 64,
        original_bytes: 4010,
        payload_bytes: 1000,
        tail_bytes: 10,
        tail_payload_bytes: 9,
        original_crc: 0x0102_0304,
        payload_crc: 0x0506_0708,
    };

    fn read(header: &BlockHeader) -> Result<BlockHeader> {
        let mut out = Vec::new();
        header.write_to(&mut out);
        BlockHeader::read_from(&out.try_into().expect("28 bytes"), 1 << 20, 0)
    }

    #[test]
    fn round_trip() {
        assert_eq!(read(&HEADER).unwrap(), HEADER);
        HEADER.check_stride(40).unwrap();
        assert_eq!(HEADER.check_stride(39).unwrap_err().kind, ErrorKind::Corrupt);
        assert_eq!(HEADER.check_stride(80).unwrap_err().kind, ErrorKind::Corrupt);
    }

    #[test]
    fn every_flipped_bit_is_a_checksum_error() {
        let mut good = Vec::new();
        HEADER.write_to(&mut good);
        for bit in 0..BLOCK_HEADER_BYTES * 8 {
            let mut bytes: [u8; BLOCK_HEADER_BYTES] = good.clone().try_into().expect("28 bytes");
            bytes[bit / 8] ^= 1 << (bit % 8);
            let error = BlockHeader::read_from(&bytes, 1 << 20, 0).unwrap_err();
            assert_eq!(error.kind, ErrorKind::ChecksumMismatch, "bit {bit}");
        }
    }

    #[test]
    fn lies_with_a_right_checksum_are_corrupt() {
        let raw = BlockHeader {
            method: Method::Raw,
            lanes: 0,
            payload_bytes: 4010,
            tail_bytes: 0,
            tail_payload_bytes: 0,
            ..HEADER
        };
        read(&raw).unwrap();
        let lies = [
            BlockHeader { original_bytes: 0, ..HEADER },
            BlockHeader { original_bytes: u32::MAX, ..HEADER },
            BlockHeader { payload_bytes: 0, ..HEADER },
            BlockHeader { payload_bytes: 4010, ..HEADER },
            BlockHeader { payload_bytes: u32::MAX, ..HEADER },
            BlockHeader { payload_bytes: 8, ..HEADER },
            BlockHeader { lanes: 0, ..HEADER },
            BlockHeader { lanes: MAX_LANES + 1, ..HEADER },
            BlockHeader { tail_bytes: 4010, ..HEADER },
            BlockHeader { tail_bytes: 8, ..HEADER },
            BlockHeader { tail_bytes: 0, ..HEADER },
            BlockHeader { tail_payload_bytes: 0, ..HEADER },
            BlockHeader { payload_bytes: 4009, ..raw },
            BlockHeader { payload_bytes: 4011, ..raw },
            BlockHeader { lanes: 1, ..raw },
            BlockHeader { tail_bytes: 1, ..raw },
            BlockHeader { tail_payload_bytes: 1, ..raw },
            BlockHeader { method: Method::Zstd, ..raw },
        ];
        for lie in lies {
            let error = read(&lie).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Corrupt, "{lie:?}: {error}");
        }
    }
}
