//! One value of a record: where it lies, what it is and how it is coded.

use super::FieldCoding;
use vortex_base::dtype::DType;

/// One value of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Unique inside the record, UTF-8, at most [`MAX_NAME_LEN`](crate::schema::MAX_NAME_LEN) bytes.
    pub name: String,
    /// Number type.
    pub dtype: DType,
    /// True where the file stores the most significant byte first.
    pub big_endian: bool,
    /// Bytes from the start of the record.
    pub offset: u32,
    /// How the value becomes symbols.
    pub coding: FieldCoding,
}

impl Field {
    /// A little-endian field, most significant byte first as symbols.
    pub fn new(name: impl Into<String>, dtype: DType, offset: u32) -> Self {
        let coding = FieldCoding::MSB_FIRST;
        Self { name: name.into(), dtype, big_endian: false, offset, coding }
    }

    /// The bits of its value in a record, as an integer.
    ///
    /// # Panics
    /// When the record ends before the field.
    pub fn bits(&self, record: &[u8]) -> u64 {
        let bytes = &record[self.offset as usize..self.end()];
        let join = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
        if self.big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
    }

    /// Writes [`Self::bits`].
    pub(in crate::records) fn set_bits(&self, record: &mut [u8], bits: u64) {
        let out = &mut record[self.offset as usize..self.end()];
        let bytes = bits.to_le_bytes();
        out.copy_from_slice(&bytes[..self.dtype.size()]);
        if self.big_endian {
            out.reverse();
        }
    }

    /// Offset of the first byte after the field.
    pub fn end(&self) -> usize {
        self.offset as usize + self.dtype.size()
    }
}
