//! HDF5 datatypes as fields.

use hdf5_reader::error::ByteOrder;
use hdf5_reader::{Datatype, StringSize};
use vortex_coder::schema::{DType, MAX_STRIDE};

use crate::fields::Fields;

/// The reason why elements of this type cannot be read as bytes, if there is one.
pub fn refusal(datatype: &Datatype) -> Option<String> {
    match datatype {
        Datatype::VarLen { .. } => Some("variable-length sequences are not read".into()),
        Datatype::String { size: StringSize::Variable, .. } => {
            Some("variable-length strings are not read".into())
        }
        Datatype::Reference { .. } => {
            Some("references point into their own file and have no meaning outside of it".into())
        }
        Datatype::Compound { fields, .. } => fields
            .iter()
            .find_map(|f| refusal(&f.datatype).map(|why| format!("member {:?}: {why}", f.name))),
        Datatype::Array { base, .. } | Datatype::Enum { base, .. } => refusal(base),
        _ => None,
    }
}

/// Bytes per element.
pub fn size(datatype: &Datatype) -> u64 {
    match datatype {
        Datatype::FixedPoint { size, .. }
        | Datatype::FloatingPoint { size, .. }
        | Datatype::Bitfield { size, .. }
        | Datatype::Reference { size, .. } => u64::from(*size),
        Datatype::Compound { size, .. } | Datatype::Opaque { size, .. } => u64::from(*size),
        Datatype::String { size: StringSize::Fixed(n), .. } => u64::from(*n),
        Datatype::Array { base, dims } => dims.iter().fold(size(base), |n, d| n.saturating_mul(*d)),
        Datatype::Enum { base, .. } => size(base),
        Datatype::String { .. } | Datatype::VarLen { .. } => 0,
    }
}

/// The number type of an element, if it is a single number.
pub fn number(datatype: &Datatype) -> Option<(DType, bool)> {
    let big = |order: &ByteOrder| *order == ByteOrder::BigEndian;
    Some(match datatype {
        Datatype::FixedPoint { size, signed, byte_order } => {
            (integer(*size, *signed)?, big(byte_order))
        }
        Datatype::Bitfield { size, byte_order } => (integer(*size, false)?, big(byte_order)),
        Datatype::FloatingPoint { size, byte_order } => {
            let dtype = match size {
                2 => DType::F16,
                4 => DType::F32,
                8 => DType::F64,
                _ => return None,
            };
            (dtype, big(byte_order))
        }
        Datatype::Enum { base, members } => {
            let names: Vec<&str> = members.iter().map(|m| m.name.as_str()).collect();
            match number(base)? {
                (DType::I8 | DType::U8, _) if names == ["FALSE", "TRUE"] => (DType::Bool, false),
                number => number,
            }
        }
        _ => return None,
    })
}

fn integer(size: u8, signed: bool) -> Option<DType> {
    Some(match (size, signed) {
        (1, false) => DType::U8,
        (1, true) => DType::I8,
        (2, false) => DType::U16,
        (2, true) => DType::I16,
        (4, false) => DType::U32,
        (4, true) => DType::I32,
        (8, false) => DType::U64,
        (8, true) => DType::I64,
        _ => return None,
    })
}

/// Adds the fields of an element at `offset`.
pub fn describe(datatype: &Datatype, fields: &mut Fields, name: &str, offset: u64) {
    if fields.overflowed() {
        return;
    }
    if let Some((dtype, big_endian)) = number(datatype) {
        return fields.push(name, dtype, big_endian, offset);
    }
    match datatype {
        Datatype::Compound { fields: members, .. } => {
            for member in members {
                let name = match name {
                    "value" => member.name.clone(),
                    outer => format!("{outer}.{}", member.name),
                };
                let at = offset.saturating_add(u64::from(member.byte_offset));
                describe(&member.datatype, fields, &name, at);
            }
        }
        Datatype::Array { base, dims } => {
            let count = dims.iter().fold(1u64, |n, d| n.saturating_mul(*d));
            let size = size(base);
            if size == 0 || count.saturating_mul(size) > u64::from(MAX_STRIDE) {
                // Too long for a record, whatever its fields are.
                return fields.push_bytes(name, count.saturating_mul(size), offset);
            }
            for i in 0..count.min(u64::from(MAX_STRIDE) + 1) {
                describe(base, fields, &format!("{name}[{i}]"), offset + i * size);
            }
        }
        other => fields.push_bytes(name, size(other), offset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_of_nothing_end_at_once() {
        let mut datatype = Datatype::Compound { size: 1, fields: Vec::new() };
        for _ in 0..3 {
            datatype = Datatype::Array { base: Box::new(datatype), dims: vec![65_535] };
        }
        let mut fields = Fields::default();
        describe(&datatype, &mut fields, "value", 0);
        assert!(fields.overflowed());
    }
}
