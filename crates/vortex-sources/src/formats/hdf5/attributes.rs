//! Attributes of a file in the form of the manifest: what they point to becomes part of the value.

use std::cell::Cell;
use std::collections::HashMap;

use hdf5_reader::group::Group;
use hdf5_reader::io::Cursor;
use hdf5_reader::messages::dataspace::DataspaceType;
use hdf5_reader::{Datatype, RawAttribute, ReferenceType, StringSize};
use vortex_base::hex;

use super::tree::Attribute;

/// Bytes of a reference to a sequence of variable length, and to an object, in a file with
/// addresses of 8 bytes.
pub(super) const SEQUENCE_BYTES: usize = 16;
pub(super) const REFERENCE_BYTES: usize = 8;
/// Longest message of an object header, in bytes, and what an attribute has beside its name, type
/// and value.
pub(super) const MAX_MESSAGE_BYTES: usize = 65_535;
const ATTRIBUTE_BYTES: usize = 512;
/// Longest value of all attributes together, with what they point to.
pub(super) const MAX_VALUE_BYTES: usize = 64 << 20;

/// Reads attributes, whose values may take `left` bytes more.
pub(super) struct Reader<'a> {
    /// Any group of the file.
    group: &'a Group,
    /// Numbers of the objects, by address.
    objects: &'a HashMap<u64, u32>,
    left: usize,
    /// References of the last attribute to objects without a number.
    lost: Cell<usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(group: &'a Group, objects: &'a HashMap<u64, u32>, left: usize) -> Self {
        Self { group, objects, left, lost: Cell::new(0) }
    }

    /// Number of references of the last attribute that became null, because their objects are not
    /// read.
    pub(super) fn lost_references(&self) -> usize {
        self.lost.take()
    }

    /// An attribute as the manifest keeps it.
    ///
    /// # Errors
    /// Why it cannot be kept.
    pub(super) fn keep(&mut self, raw: &RawAttribute) -> Result<Attribute, String> {
        let message = raw.message();
        let datatype = &message.datatype;
        let shape = match message.dataspace.dataspace_type {
            DataspaceType::Null => None,
            DataspaceType::Scalar => Some(Vec::new()),
            DataspaceType::Simple => Some(message.dataspace.dims.clone()),
        };
        let stored = raw.name().len() + raw.raw_datatype().len() + message.raw_data.len();
        if stored + ATTRIBUTE_BYTES > MAX_MESSAGE_BYTES {
            return Err(format!("{stored} bytes; fewer than 65,000 are kept"));
        }
        let width = width(datatype)?;
        let pointers = has_pointers(datatype);
        if pointers && self.group.offset_size() != 8 {
            return Err("text of variable length in a file without addresses of 8 bytes".into());
        }
        let elements = match &shape {
            None => 0,
            Some(shape) => {
                shape.iter().try_fold(1u64, |n, d| n.checked_mul(*d)).unwrap_or(u64::MAX)
            }
        };
        if elements.checked_mul(width as u64) != Some(message.raw_data.len() as u64) {
            let held = message.raw_data.len();
            return Err(format!("{held} bytes for {elements} elements of {width}"));
        }
        let mut value = Vec::new();
        if pointers {
            for element in message.raw_data.chunks_exact(width) {
                self.flatten(datatype, element, &mut value)?;
            }
        } else {
            value.clone_from(&message.raw_data);
        }
        self.left = self.left.checked_sub(value.len()).ok_or_else(too_long)?;
        Ok(Attribute {
            name: raw.name().to_owned(),
            datatype: hex::encode(raw.raw_datatype()),
            shape,
            value: hex::encode(&value),
        })
    }

    /// Appends an element with everything that it points to.
    fn flatten(&self, datatype: &Datatype, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        if out.len() > self.left {
            return Err(too_long());
        }
        let cut = || "an element that is too short".to_owned();
        match datatype {
            _ if !has_pointers(datatype) => out.extend_from_slice(bytes),
            Datatype::VarLen { base, .. } => {
                let each = width(base)?;
                let held = self.group.resolve_vlen_reference_bytes(bytes, each);
                let held = held.map_err(|e| e.to_string())?;
                let count = u32::try_from(held.len() / each).map_err(|_| too_long())?;
                out.extend(count.to_le_bytes());
                if !has_pointers(base) {
                    out.extend(held);
                    return Ok(());
                }
                for element in held.chunks_exact(each) {
                    self.flatten(base, element, out)?;
                }
            }
            Datatype::Reference { .. } => {
                let address = bytes.first_chunk::<8>().ok_or_else(cut)?;
                let address = u64::from_le_bytes(*address);
                let number = self.objects.get(&address).map_or(0, |number| u64::from(*number) + 1);
                let null = address == 0 || Cursor::is_undefined_offset(address, 8);
                if number == 0 && !null {
                    self.lost.set(self.lost.get() + 1);
                }
                out.extend(number.to_le_bytes());
            }
            Datatype::Compound { fields, .. } => {
                for field in fields {
                    let at = field.byte_offset as usize;
                    let end = at + width(&field.datatype)?;
                    self.flatten(&field.datatype, bytes.get(at..end).ok_or_else(cut)?, out)?;
                }
            }
            Datatype::Array { base, .. } => {
                for element in bytes.chunks_exact(width(base)?) {
                    self.flatten(base, element, out)?;
                }
            }
            other => return Err(format!("values of the type {other:?}")),
        }
        Ok(())
    }
}

fn too_long() -> String {
    format!("the values of all attributes are longer than {MAX_VALUE_BYTES} bytes")
}

/// Whether elements hold addresses.
pub(super) fn has_pointers(datatype: &Datatype) -> bool {
    match datatype {
        Datatype::VarLen { .. } | Datatype::Reference { .. } => true,
        Datatype::Compound { fields, .. } => fields.iter().any(|f| has_pointers(&f.datatype)),
        Datatype::Array { base, .. } | Datatype::Enum { base, .. } => has_pointers(base),
        _ => false,
    }
}

/// Bytes of an element in a file with addresses of 8 bytes.
///
/// # Errors
/// For types whose elements have no bytes, and for those that are not kept.
pub(super) fn width(datatype: &Datatype) -> Result<usize, String> {
    let bytes = match datatype {
        Datatype::VarLen { .. } => SEQUENCE_BYTES as u64,
        Datatype::Reference { ref_type: ReferenceType::Object, size } => {
            if usize::from(*size) != REFERENCE_BYTES {
                return Err(format!("references of {size} bytes"));
            }
            REFERENCE_BYTES as u64
        }
        Datatype::Reference { .. } => return Err("references to regions".into()),
        Datatype::String { size: StringSize::Variable, .. } => {
            return Err("text of no length".into());
        }
        Datatype::Array { base, dims } => {
            let base = width(base)? as u64;
            dims.iter().try_fold(base, |n, d| n.checked_mul(*d)).unwrap_or(0)
        }
        other => super::datatype::size(other),
    };
    let small = usize::try_from(bytes).ok().filter(|n| (1..=MAX_MESSAGE_BYTES).contains(n));
    small.ok_or_else(|| format!("elements of {bytes} bytes"))
}
