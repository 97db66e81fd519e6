//! The binary form of a schema; docs/format.md, "Schema".

use super::coding::{Field, FieldCoding, take};
use super::schema::{MAX_STRIDE, Schema, most_cost};
use crate::error::{Error, Result};
use vortex_base::dtype::DType;

// First byte of a field: dtype in bits 0..4, number of the coding in bits 4..6, big endian in bit 6, bit 7
// when an extension of the coding follows the name.
const CODING_SHIFT: u32 = 4;
const BIG_ENDIAN_BIT: u8 = 1 << 6;
const EXTENSION_BIT: u8 = 1 << 7;

impl Schema {
    /// Appends the binary form: number of fields (`u16`, little endian), then for each field a
    /// byte of type and coding, the length of its name (`u8`), the name, and the extension of its
    /// coding, if any. Offsets and stride follow from the sizes, because fields follow each other
    /// without gaps.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let count = u16::try_from(self.fields().len()).expect("no more fields than bytes");
        out.extend_from_slice(&count.to_le_bytes());
        for Field { name, dtype, big_endian, coding, .. } in self.fields() {
            let order = if *big_endian { BIG_ENDIAN_BIT } else { 0 };
            let extended = coding.is_derived();
            let extension = if extended { EXTENSION_BIT } else { 0 };
            out.push(*dtype as u8 | coding.code_in_file() << CODING_SHIFT | order | extension);
            out.push(u8::try_from(name.len()).expect("checked name length"));
            out.extend_from_slice(name.as_bytes());
            if extended {
                coding.write_extension(out);
            }
        }
    }

    /// Reads the binary form from the start of `input` and moves `input` past it. Allocates in
    /// proportion to the bytes of `input`, not to the stated lengths.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Truncated`] or [`crate::ErrorKind::Corrupt`].
    pub fn read_from(input: &mut &[u8]) -> Result<Self> {
        let count = u16::from_le_bytes(take(input, "field count")?);
        if count == 0 {
            return Err(Error::corrupt("schema has no fields; at least one is needed"));
        }
        let mut fields = Vec::new();
        let (mut offset, mut cost) = (0u32, 0);
        for index in 0..count {
            let field = read_field(input, index, offset)?;
            offset += u32::try_from(field.dtype.size()).expect("at most 8");
            cost += field.coding.cost();
            // Whether it is too much for this stride is known at the end.
            if cost > most_cost(MAX_STRIDE) {
                return Err(Error::corrupt(format!(
                    "schema fields up to {index}: formulas that cost {cost} additions"
                )));
            }
            fields.push(field);
            if offset > MAX_STRIDE {
                return Err(Error::corrupt(format!(
                    "schema fields up to {index} take {offset} bytes, beyond {MAX_STRIDE}"
                )));
            }
        }
        Self::checked(offset, fields).map_err(Error::corrupt)
    }
}

fn read_field(input: &mut &[u8], index: u16, offset: u32) -> Result<Field> {
    let [first, name_len] = take(input, "field")?;
    let Some(dtype) = DType::from_code(first & 0xf) else {
        return Err(Error::corrupt(format!(
            "schema field {index}: {} is not a known type",
            first & 0xf
        )));
    };
    let Some((name, rest)) = input.split_at_checked(usize::from(name_len)) else {
        return Err(Error::truncated(format!("schema ends in the name of field {index}")));
    };
    *input = rest;
    let name = std::str::from_utf8(name)
        .map_err(|e| Error::corrupt(format!("schema field {index}: name: {e}")))?;
    let big_endian = first & BIG_ENDIAN_BIT != 0;
    let coding = FieldCoding::read(first >> CODING_SHIFT & 3, first & EXTENSION_BIT != 0, input)
        .map_err(|e| e.context(format!("schema field {index}")))?;
    Ok(Field { name: name.to_owned(), dtype, big_endian, offset, coding })
}
