//! The values of fields as numbers, for the search alone.

use vortex_coder::schema::{DType, Field};

/// Bits of one field of a record.
pub(super) fn bits(field: &Field, record: &[u8]) -> u64 {
    let bytes = &record[field.offset as usize..field.end()];
    let join = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
    if field.big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
}

/// The value of a floating point field of 4 or 8 bytes.
pub(super) fn value(field: &Field, record: &[u8]) -> f64 {
    let bits = bits(field, record);
    match field.dtype {
        DType::F64 => f64::from_bits(bits),
        _ => f32::from_bits(bits as u32).into(),
    }
}
