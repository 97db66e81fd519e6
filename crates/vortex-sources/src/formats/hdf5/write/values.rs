//! Values of attributes: from the form of the manifest to the form of a file.

use hdf5_reader::Datatype;
use hdf5_reader::io::Cursor;
use hdf5_reader::messages::datatype;
use vortex_base::hex;

use super::heap::{Blob, Heap};
use crate::formats::hdf5::attributes::{MAX_MESSAGE_BYTES, has_pointers, width};
use crate::formats::hdf5::tree::Attribute;

/// An attribute that can be written.
pub(super) struct Ready<'a> {
    pub(super) attribute: &'a Attribute,
    pub(super) datatype: Vec<u8>,
    pub(super) value: Blob,
}

/// Checks an attribute, and moves its sequences into the heap.
///
/// # Errors
/// What is wrong with it.
pub(super) fn ready<'a>(attribute: &'a Attribute, heap: &mut Heap) -> Result<Ready<'a>, String> {
    let bytes = hex::decode(&attribute.datatype).ok_or("its datatype is not hexadecimal")?;
    let parsed = datatype::parse(&mut Cursor::new(&bytes), bytes.len());
    let parsed = parsed.map_err(|e| format!("its datatype: {e}"))?;
    let width = width(&parsed.datatype)?;
    if width != parsed.size as usize {
        return Err(format!("its datatype states {} bytes for {width}", parsed.size));
    }
    let stored = hex::decode(&attribute.value).ok_or("its value is not hexadecimal")?;
    let elements = match &attribute.shape {
        None => 0,
        Some(shape) if shape.len() > 32 => return Err("more than 32 dimensions".into()),
        Some(shape) => shape.iter().try_fold(1u64, |n, d| n.checked_mul(*d)).unwrap_or(u64::MAX),
    };
    let (mut rest, mut value) = (&stored[..], Blob::default());
    for _ in 0..elements {
        // Each element takes at least one byte, so that this ends.
        value.append(element(&parsed.datatype, &mut rest, heap)?);
        if value.bytes.len() > MAX_MESSAGE_BYTES {
            return Err(format!("its value is longer than {MAX_MESSAGE_BYTES} bytes"));
        }
    }
    if !rest.is_empty() {
        return Err(format!("{} bytes behind its value", rest.len()));
    }
    Ok(Ready { attribute, datatype: bytes, value })
}

fn element(datatype: &Datatype, rest: &mut &[u8], heap: &mut Heap) -> Result<Blob, String> {
    let mut blob = Blob::default();
    match datatype {
        Datatype::VarLen { base, .. } => {
            let count = u32::from_le_bytes(take(rest, 4)?.try_into().unwrap_or_default());
            let mut sequence = Blob::default();
            if has_pointers(base) {
                for _ in 0..count {
                    sequence.append(element(base, rest, heap)?);
                    heap.check(sequence.bytes.len())?;
                }
            } else {
                let len = width(base)?.checked_mul(count as usize).ok_or("a long sequence")?;
                sequence.bytes.extend_from_slice(take(rest, len)?);
            }
            heap.check(sequence.bytes.len())?;
            blob = heap.add(count, sequence);
        }
        Datatype::Reference { .. } => {
            let number = u64::from_le_bytes(take(rest, 8)?.try_into().unwrap_or_default());
            match usize::try_from(number).ok().and_then(|number| number.checked_sub(1)) {
                Some(number) => blob = Blob::object(number),
                None => blob.bytes.resize(8, 0),
            }
        }
        Datatype::Compound { fields, .. } if has_pointers(datatype) => {
            blob.bytes.resize(width(datatype)?, 0);
            for field in fields {
                let member = element(&field.datatype, rest, heap)?;
                let at = field.byte_offset as usize;
                if at + member.bytes.len() > blob.bytes.len() {
                    return Err(format!("member {:?} is outside of its compound", field.name));
                }
                blob.put(at, member);
            }
        }
        Datatype::Array { base, dims } if has_pointers(base) => {
            for _ in 0..dims.iter().fold(1, |n: u64, d| n.saturating_mul(*d)) {
                blob.append(element(base, rest, heap)?);
            }
        }
        plain => blob.bytes.extend_from_slice(take(rest, width(plain)?)?),
    }
    Ok(blob)
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Result<&'a [u8], String> {
    let (now, later) = rest.split_at_checked(len).ok_or("its value is too short")?;
    *rest = later;
    Ok(now)
}
