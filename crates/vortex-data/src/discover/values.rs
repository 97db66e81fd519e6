//! The values of fields as numbers, for the search alone.

use vortex_coder::schema::{DType, Field};

/// The value of a floating point field of 4 or 8 bytes.
pub(super) fn value(field: &Field, record: &[u8]) -> f64 {
    let bits = field.bits(record);
    match field.dtype {
        DType::F64 => f64::from_bits(bits),
        _ => f32::from_bits(bits as u32).into(),
    }
}
