//! The binary form of a schema; docs/format.md, "Schema".

use super::dtype::DType;
use crate::decimal::DecimalGrid;
use crate::error::{Error, Result};
use crate::law::{Law, LawForm, MAX_TERMS, Term};
use crate::schema::{Field, MAX_STRIDE, Schema, Transform};

// Packed byte of a field: dtype in bits 0..4, transform in bits 4..6, big endian in bit 6, bit 7
// when an extension follows the name.
const TRANSFORM_SHIFT: u32 = 4;
const BIG_ENDIAN_BIT: u8 = 1 << 6;
const EXTENSION_BIT: u8 = 1 << 7;
// First byte of an extension.
const GRID_BIT: u8 = 1;
const LAW_BIT: u8 = 2;
const DELTA_BIT: u8 = 4;

impl Schema {
    /// Appends the binary form: number of fields (`u16`, little endian), then for each field a
    /// packed byte, the length of its name (`u8`), the name, and what else is known of it if
    /// anything is. Offsets and stride follow from the sizes, because fields lie one after the other without gaps.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let count = u16::try_from(self.fields().len()).expect("no more fields than bytes");
        out.extend_from_slice(&count.to_le_bytes());
        for field in self.fields() {
            let order = if field.big_endian { BIG_ENDIAN_BIT } else { 0 };
            let extended = field.is_derived();
            let extension = if extended { EXTENSION_BIT } else { 0 };
            out.push(
                field.dtype as u8 | (field.transform as u8) << TRANSFORM_SHIFT | order | extension,
            );
            out.push(u8::try_from(field.name.len()).expect("checked name length"));
            out.extend_from_slice(field.name.as_bytes());
            if extended {
                write_extension(field, out);
            }
        }
    }

    /// Reads the binary form from the front of `input` and moves it past what was read.
    /// Allocates in proportion to the bytes that are there, whatever they announce.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Truncated`] or [`crate::ErrorKind::Corrupt`].
    pub fn read_from(input: &mut &[u8]) -> Result<Self> {
        let count = u16::from_le_bytes(take(input, "field count")?);
        if count == 0 {
            return Err(Error::corrupt("schema has no fields; at least one is needed"));
        }
        let mut fields = Vec::new();
        let mut offset = 0u32;
        for index in 0..count {
            let field = read_field(input, index, offset)?;
            offset += u32::try_from(field.dtype.size()).expect("at most 8");
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

fn write_extension(field: &Field, out: &mut Vec<u8>) {
    let grid_bit = if field.grid.is_some() { GRID_BIT } else { 0 };
    let law_bit = if field.law.is_some() { LAW_BIT } else { 0 };
    let delta_bit = if field.delta { DELTA_BIT } else { 0 };
    out.push(grid_bit | law_bit | delta_bit);
    if let Some(grid) = field.grid {
        out.extend([grid.digits(), grid.places()]);
    }
    if let Some(law) = &field.law {
        let minus = law.terms.iter().rev().fold(0u16, |bits, t| bits << 1 | u16::from(t.minus));
        out.extend([law.form as u8, u8::try_from(law.terms.len()).expect("checked")]);
        out.extend(minus.to_le_bytes());
        out.extend(law.constant.to_le_bytes());
        out.extend(law.terms.iter().flat_map(|term| term.field.to_le_bytes()));
    }
}

fn read_field(input: &mut &[u8], index: u16, offset: u32) -> Result<Field> {
    let [packed, name_len] = take(input, "field")?;
    let dtype = DType::from_code(packed & 0xf);
    let transform = Transform::from_code((packed >> TRANSFORM_SHIFT) & 3);
    let (Some(dtype), Some(transform)) = (dtype, transform) else {
        return Err(Error::corrupt(format!(
            "schema field {index}: {packed:#04x} is no known type and transform"
        )));
    };
    let Some((name, rest)) = input.split_at_checked(usize::from(name_len)) else {
        return Err(Error::truncated(format!("schema ends in the name of field {index}")));
    };
    *input = rest;
    let name = std::str::from_utf8(name)
        .map_err(|e| Error::corrupt(format!("schema field {index}: name: {e}")))?;
    let big_endian = packed & BIG_ENDIAN_BIT != 0;
    let mut field = Field { big_endian, transform, ..Field::new(name, dtype, offset) };
    if packed & EXTENSION_BIT != 0 {
        read_extension(input, index, &mut field)?;
    }
    Ok(field)
}

fn read_extension(input: &mut &[u8], index: u16, field: &mut Field) -> Result<()> {
    let wrong = |what: String| Error::corrupt(format!("schema field {index}: {what}"));
    let [parts] = take(input, "extension")?;
    if parts == 0 || parts & !(GRID_BIT | LAW_BIT | DELTA_BIT) != 0 {
        return Err(wrong(format!("{parts:#04x} is no known extension")));
    }
    field.delta = parts & DELTA_BIT != 0;
    if parts & GRID_BIT != 0 {
        let [digits, places] = take(input, "grid")?;
        let grid = DecimalGrid::new(digits, places);
        field.grid = Some(grid.ok_or_else(|| {
            wrong(format!("no grid of {digits} digits and {places} decimal places"))
        })?);
    }
    if parts & LAW_BIT != 0 {
        let [form, n_terms] = take(input, "law")?;
        let form = match form {
            0 => LawForm::Sum,
            1 => LawForm::RootOfSquares,
            _ => return Err(wrong(format!("{form} is no known form of a law"))),
        };
        let minus = u16::from_le_bytes(take(input, "law")?);
        let constant = u64::from_le_bytes(take(input, "law")?);
        if usize::from(n_terms) > MAX_TERMS || u32::from(minus) >> n_terms != 0 {
            return Err(wrong(format!("a law of {n_terms} terms with the signs {minus:#06x}")));
        }
        let term = |i| {
            let field = u16::from_le_bytes(take(input, "law")?);
            Ok(Term { field, minus: minus >> i & 1 == 1 })
        };
        let terms = (0..n_terms).map(term).collect::<Result<_>>()?;
        field.law = Some(Law { form, constant, terms });
    }
    Ok(())
}

fn take<const N: usize>(input: &mut &[u8], what: &str) -> Result<[u8; N]> {
    let Some((head, rest)) = input.split_first_chunk::<N>() else {
        return Err(Error::truncated(format!("schema ends before its {what}")));
    };
    *input = rest;
    Ok(*head)
}
