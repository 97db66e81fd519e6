//! The columns of a binary table as fields.

use vortex_coder::schema::{DType, Schema};

use super::header::Header;
use crate::fields::Fields;

/// Most columns, as in the standard.
const MAX_COLUMNS: i64 = 999;

/// The type of the elements of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Element {
    /// So many numbers of a type.
    Numbers(DType, u64),
    /// Characters and logical values.
    Byte,
    /// Single bits.
    Bit,
}

/// The schema of a row of `width` bytes, and the number of its records a row: 1, or `width` where
/// a row is read as single bytes.
pub(super) fn schema(header: &Header, width: u64) -> (Schema, u64) {
    let mut fields = Fields::default();
    if described(header, width, &mut fields).is_none() {
        // The columns contradict the width, or are of a kind that is not known.
        fields = Fields::default();
        fields.push_bytes("row", width, 0);
    }
    let schema = fields.schema(width);
    let times = width / (schema.stride() as u64).max(1);
    (schema, times)
}

fn described(header: &Header, width: u64, fields: &mut Fields) -> Option<()> {
    let columns = header.integer("TFIELDS").filter(|n| (1..=MAX_COLUMNS).contains(n))?;
    let mut at = 0u64;
    for column in 1..=columns {
        let (element, count) = form(header.text(&format!("TFORM{column}"))?)?;
        let name = match header.text(&format!("TTYPE{column}")) {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => format!("column {column}"),
        };
        let bytes = match element {
            Element::Numbers(dtype, each) => {
                count.checked_mul(each)?.checked_mul(dtype.size() as u64)?
            }
            Element::Byte => count,
            Element::Bit => count.div_ceil(8),
        };
        if bytes > width - at {
            return None;
        }
        match element {
            Element::Numbers(dtype, each) if count * each == 1 => {
                fields.push(&name, dtype, true, at)
            }
            Element::Numbers(dtype, each) => {
                let size = dtype.size() as u64;
                for i in 0..count * each {
                    fields.push(&format!("{name}[{i}]"), dtype, true, at + i * size);
                    if fields.overflowed() {
                        return None;
                    }
                }
            }
            Element::Byte | Element::Bit if bytes == 0 => {}
            Element::Byte | Element::Bit => fields.push_bytes(&name, bytes, at),
        }
        at += bytes;
    }
    (at == width && !fields.overflowed()).then_some(())
}

/// Reads `rT`: a repeat count, which is 1 if there is none, and a letter; what follows has no
/// meaning here.
fn form(text: &str) -> Option<(Element, u64)> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let count = if digits == 0 { 1 } else { text[..digits].parse().ok()? };
    let element = match text[digits..].chars().next()? {
        'L' | 'A' => Element::Byte,
        'X' => Element::Bit,
        'B' => Element::Numbers(DType::U8, 1),
        'I' => Element::Numbers(DType::I16, 1),
        'J' => Element::Numbers(DType::I32, 1),
        'K' => Element::Numbers(DType::I64, 1),
        'E' => Element::Numbers(DType::F32, 1),
        'D' => Element::Numbers(DType::F64, 1),
        'C' => Element::Numbers(DType::F32, 2),
        'M' => Element::Numbers(DType::F64, 2),
        // Length and offset of an array in the heap.
        'P' => Element::Numbers(DType::I32, 2),
        'Q' => Element::Numbers(DType::I64, 2),
        _ => return None,
    };
    Some((element, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert_eq!(form("E"), Some((Element::Numbers(DType::F32, 1), 1)));
        assert_eq!(form("16A"), Some((Element::Byte, 16)));
        assert_eq!(form("1PE(200)"), Some((Element::Numbers(DType::I32, 2), 1)));
        assert_eq!(form("11X"), Some((Element::Bit, 11)));
        for wrong in ["", "3", "Z", "99999999999999999999E"] {
            assert_eq!(form(wrong), None, "{wrong}");
        }
    }
}
