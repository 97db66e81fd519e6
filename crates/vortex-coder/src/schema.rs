//! What a record looks like: its stride and its fields. Travels in every `.vxc` and `.vxm`.

use std::collections::HashSet;

pub use crate::dtype::DType;
use crate::error::{Error, Result};

/// How the bits of a field become symbols. Reversible for every bit pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Transform {
    /// The bytes as they lie in the file.
    Identity = 0,
    /// Most significant byte first.
    MsbFirst = 1,
    /// The order-preserving integer (signed integers: sign bit flipped; floats: sign bit flipped
    /// when clear, all bits flipped when set), most significant byte first.
    Ordered = 2,
}

impl Transform {
    /// The transform with this number in a file.
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::Identity, Self::MsbFirst, Self::Ordered].get(usize::from(code)).copied()
    }
}

/// One value of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Unique inside the record, UTF-8, at most [`MAX_NAME_LEN`] bytes.
    pub name: String,
    /// Number type.
    pub dtype: DType,
    /// True where the file stores the most significant byte first.
    pub big_endian: bool,
    /// Bytes from the start of the record.
    pub offset: u32,
    /// How the value becomes symbols.
    pub transform: Transform,
}

impl Field {
    /// A little-endian field, most significant byte first as symbols.
    pub fn new(name: impl Into<String>, dtype: DType, offset: u32) -> Self {
        let name = name.into();
        Self { name, dtype, big_endian: false, offset, transform: Transform::MsbFirst }
    }

    /// Offset of the first byte after the field.
    pub fn end(&self) -> usize {
        self.offset as usize + self.dtype.size()
    }
}

/// Largest stride in bytes.
pub const MAX_STRIDE: u32 = 65_535;
/// Longest field name in bytes.
pub const MAX_NAME_LEN: usize = 255;

// Packed byte of a field on disk: dtype in bits 0..4, transform in bits 4..6, big endian in bit 6.
const TRANSFORM_SHIFT: u32 = 4;
const BIG_ENDIAN_BIT: u8 = 1 << 6;
const RESERVED_BIT: u8 = 1 << 7;

/// The fields of a record, in order of offset, covering every byte of the stride exactly once.
/// (Gaps of a user's description become `u8` fields named `_pad<offset>`.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    stride: u32,
    fields: Vec<Field>,
}

impl Schema {
    /// About how much memory it takes.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let fields = self.fields.iter().map(|field| size_of::<Field>() + field.name.len());
        fields.sum::<usize>() as u64
    }

    /// A schema from its fields in any order; bytes that no field covers become padding fields.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] when the stride is 0 or beyond [`MAX_STRIDE`], a
    /// field overlaps another or leaves the record, or a name is too long or used twice.
    pub fn new(stride: usize, mut fields: Vec<Field>) -> Result<Self> {
        let stride = match u32::try_from(stride) {
            Ok(s @ 1..=MAX_STRIDE) => s,
            _ => {
                return Err(Error::invalid_argument(format!(
                    "a record of {stride} bytes: the stride must be 1 to {MAX_STRIDE}"
                )));
            }
        };
        fields.sort_by_key(|f| f.offset);
        let mut covering = Vec::with_capacity(fields.len());
        let mut end = 0;
        let mut previous = String::new();
        for field in fields {
            if field.offset < end {
                return Err(Error::invalid_argument(format!(
                    "field {:?} at offset {} overlaps {previous:?}, which ends at {end}",
                    field.name, field.offset
                )));
            }
            if field.end() > stride as usize {
                return Err(Error::invalid_argument(format!(
                    "field {:?} ends at byte {}, beyond the stride of {stride}",
                    field.name,
                    field.end()
                )));
            }
            covering.extend((end..field.offset).map(padding));
            end = field.offset + size_u32(field.dtype);
            previous.clone_from(&field.name);
            covering.push(field);
        }
        covering.extend((end..stride).map(padding));
        check_names(&covering).map_err(Error::invalid_argument)?;
        Ok(Self { stride, fields: covering })
    }

    /// The schema of data without records: stride 1, one `u8` field named `byte`.
    pub fn bytes() -> Self {
        let byte = Field { transform: Transform::Identity, ..Field::new("byte", DType::U8, 0) };
        Self { stride: 1, fields: vec![byte] }
    }

    /// Bytes a record.
    pub fn stride(&self) -> usize {
        self.stride as usize
    }
    /// The fields in order of offset.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Appends the binary form: number of fields (`u16`, little endian), then for each field a
    /// packed byte, the length of its name (`u8`) and the name. Offsets and stride follow from
    /// the sizes, because fields lie one after the other without gaps.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let count = u16::try_from(self.fields.len()).expect("no more fields than bytes");
        out.extend_from_slice(&count.to_le_bytes());
        for field in &self.fields {
            let order = if field.big_endian { BIG_ENDIAN_BIT } else { 0 };
            out.push(field.dtype as u8 | (field.transform as u8) << TRANSFORM_SHIFT | order);
            out.push(u8::try_from(field.name.len()).expect("checked name length"));
            out.extend_from_slice(field.name.as_bytes());
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
            let [packed, name_len] = take(input, "field")?;
            let dtype = DType::from_code(packed & 0xf);
            let transform = Transform::from_code((packed >> TRANSFORM_SHIFT) & 3);
            let (Some(dtype), Some(transform), 0) = (dtype, transform, packed & RESERVED_BIT)
            else {
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
            fields.push(Field { name: name.to_owned(), dtype, big_endian, offset, transform });
            offset += size_u32(dtype);
            if offset > MAX_STRIDE {
                return Err(Error::corrupt(format!(
                    "schema fields up to {index} take {offset} bytes, beyond {MAX_STRIDE}"
                )));
            }
        }
        check_names(&fields).map_err(Error::corrupt)?;
        Ok(Self { stride: offset, fields })
    }
}

fn size_u32(dtype: DType) -> u32 {
    u32::try_from(dtype.size()).expect("at most 8")
}

fn padding(offset: u32) -> Field {
    Field {
        transform: Transform::Identity,
        ..Field::new(format!("_pad{offset}"), DType::U8, offset)
    }
}

/// What is wrong with the names, if anything.
fn check_names(fields: &[Field]) -> std::result::Result<(), String> {
    let mut seen = HashSet::with_capacity(fields.len());
    for field in fields {
        if field.name.len() > MAX_NAME_LEN {
            let len = field.name.len();
            return Err(format!("a field name of {len} bytes; at most {MAX_NAME_LEN} are allowed"));
        }
        if !seen.insert(field.name.as_str()) {
            return Err(format!("two fields are named {:?}; names must be unique", field.name));
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use proptest::prelude::*;

    fn example() -> Schema {
        let mut big = Field::new("e", DType::F64, 7);
        big.big_endian = true;
        big.transform = Transform::Ordered;
        Schema::new(17, vec![big, Field::new("pt", DType::F32, 0), Field::new("é", DType::Bool, 4)])
            .unwrap()
    }

    #[test]
    fn sorts_and_fills_gaps() {
        let schema = example();
        let names: Vec<_> = schema.fields().iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["pt", "é", "_pad5", "_pad6", "e", "_pad15", "_pad16"]);
        assert_eq!(schema.stride(), 17);
        let mut end = 0;
        for field in schema.fields() {
            assert_eq!(field.offset as usize, end);
            end = field.end();
        }
        assert_eq!(Schema::new(1, vec![]).unwrap().fields()[0].name, "_pad0");
    }

    #[test]
    fn refuses_impossible_descriptions() {
        let f = |name: &str, offset| Field::new(name, DType::F32, offset);
        let cases = [
            (0, vec![], "stride"),
            (65_536, vec![], "stride"),
            (8, vec![f("a", 0), f("b", 3)], "overlaps"),
            (7, vec![f("a", 0), f("b", 4)], "beyond"),
            (4, vec![f("a", u32::MAX)], "beyond"),
            (8, vec![f("a", 0), f("a", 4)], "unique"),
            (8, vec![f("_pad4", 0)], "unique"),
            (4, vec![f(&"x".repeat(256), 0)], "255"),
        ];
        for (stride, fields, word) in cases {
            let error = Schema::new(stride, fields).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidArgument);
            assert!(error.message.contains(word), "{}", error.message);
        }
    }

    #[test]
    fn binary_form_comes_back_and_prefixes_are_refused() {
        for schema in [example(), Schema::bytes(), Schema::new(65_535, vec![]).unwrap()] {
            let mut bytes = Vec::new();
            schema.write_to(&mut bytes);
            let len = bytes.len();
            bytes.extend_from_slice(b"rest");
            let mut input = bytes.as_slice();
            assert_eq!(Schema::read_from(&mut input).unwrap(), schema);
            assert_eq!(input, b"rest");
            for cut in (0..len.min(200)).chain([len - 1]) {
                let error = Schema::read_from(&mut &bytes[..cut]).unwrap_err();
                assert_eq!(error.kind, ErrorKind::Truncated, "cut at {cut}");
            }
        }
    }

    #[test]
    fn hostile_bytes_are_refused() {
        let cases: [&[u8]; 6] = [
            &[0, 0],                         // no fields
            &[1, 0, 0x0d, 1, b'a'],          // unknown dtype
            &[1, 0, 0x30, 1, b'a'],          // unknown transform
            &[1, 0, 0x80, 1, b'a'],          // reserved bit
            &[1, 0, 0, 1, 0xff],             // name not UTF-8
            &[2, 0, 0, 1, b'a', 0, 1, b'a'], // same name twice
        ];
        for bytes in cases {
            let error = Schema::read_from(&mut &*bytes).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Corrupt, "{bytes:?}");
        }
        // 65,535 doubles with empty names: refused at the field that passes the largest stride.
        let mut long = vec![0xff, 0xff];
        for i in 0..u16::MAX {
            long.extend_from_slice(&[12, 2]);
            long.extend_from_slice(&[b'A' + (i % 26) as u8, b'a' + (i / 26 % 26) as u8]);
        }
        let error = Schema::read_from(&mut long.as_slice()).unwrap_err();
        assert!(error.message.contains("65535"), "{}", error.message);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(schema) = Schema::read_from(&mut bytes.as_slice()) {
                let mut again = Vec::new();
                schema.write_to(&mut again);
                prop_assert!(bytes.starts_with(&again));
            }
        }
    }
}
