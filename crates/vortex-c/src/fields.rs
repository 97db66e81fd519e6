//! Fields of a record, as C describes them.

use std::ffi::{CString, c_char};

use vortex_codec::{DType, Field, Schema};

use crate::call::text;
use crate::code::Failure;

/// Number types of fields.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum vortex_dtype {
    VORTEX_U8 = 0,
    VORTEX_I8 = 1,
    VORTEX_BOOL = 2,
    VORTEX_U16 = 3,
    VORTEX_I16 = 4,
    /// IEEE 754 half precision.
    VORTEX_F16 = 5,
    VORTEX_BF16 = 6,
    VORTEX_U32 = 7,
    VORTEX_I32 = 8,
    VORTEX_F32 = 9,
    VORTEX_U64 = 10,
    VORTEX_I64 = 11,
    VORTEX_F64 = 12,
}

/// The numbers of C are those of the library.
const _: () = {
    use vortex_dtype as C;
    let numbers = [
        (C::VORTEX_U8, DType::U8),
        (C::VORTEX_I8, DType::I8),
        (C::VORTEX_BOOL, DType::Bool),
        (C::VORTEX_U16, DType::U16),
        (C::VORTEX_I16, DType::I16),
        (C::VORTEX_F16, DType::F16),
        (C::VORTEX_BF16, DType::Bf16),
        (C::VORTEX_U32, DType::U32),
        (C::VORTEX_I32, DType::I32),
        (C::VORTEX_F32, DType::F32),
        (C::VORTEX_U64, DType::U64),
        (C::VORTEX_I64, DType::I64),
        (C::VORTEX_F64, DType::F64),
    ];
    assert!(numbers.len() == DType::ALL.len());
    let mut i = 0;
    while i < numbers.len() {
        assert!(numbers[i].0 as u8 == numbers[i].1 as u8);
        i += 1;
    }
};

/// A field of a record, for example {"pt", VORTEX_F32, offsetof(struct jet, pt), false}.
#[repr(C)]
pub struct vortex_field {
    /// Its name, unique in the record, at most 255 bytes.
    pub name: *const c_char,
    /// A vortex_dtype.
    pub dtype: u32,
    /// Bytes from the start of the record.
    pub offset: u32,
    /// Whether the most significant byte comes first: 0 is no, all else is yes.
    pub big_endian: u8,
}

/// The schema of these fields; bytes between them become padding.
///
/// # Safety
/// The names are null or texts.
pub unsafe fn schema(fields: &[vortex_field], record_bytes: usize) -> Result<Schema, Failure> {
    let mut described = Vec::with_capacity(fields.len());
    for (i, field) in fields.iter().enumerate() {
        // SAFETY: the contract of this function.
        let name = unsafe { text(field.name, "its name") }
            .map_err(|failure| failure.context(format!("field {i}")))?;
        let dtype = u8::try_from(field.dtype).ok().and_then(DType::from_code);
        let dtype = dtype.ok_or_else(|| {
            let dtype = field.dtype;
            Failure::argument(format!("field {name:?}: dtype {dtype}; 0 to 12 are possible"))
        })?;
        let big_endian = field.big_endian != 0 && dtype.size() > 1;
        let usual = vortex_codec::coder::FieldCoding::usual(dtype);
        described.push(Field {
            big_endian,
            coding: usual,
            ..Field::new(name, dtype, field.offset)
        });
    }
    Schema::new(record_bytes, described).map_err(|error| vortex_codec::Error::from(error).into())
}

/// The fields of a schema, and the names that they point to.
pub struct Described {
    pub fields: Vec<vortex_field>,
    _names: Vec<CString>,
}

impl Described {
    pub fn new(schema: &Schema) -> Self {
        let shown = schema.fields().iter().filter(|field| !field.is_padding());
        let (fields, names) = shown
            .map(|field| {
                let name = c_text(&field.name);
                let pointer = name.as_ptr();
                let (dtype, offset) = (field.dtype as u32, field.offset);
                let big_endian = u8::from(field.big_endian);
                (vortex_field { name: pointer, dtype, offset, big_endian }, name)
            })
            .unzip();
        Self { fields, _names: names }
    }
}

/// A text for C; a 0 in it becomes a space.
pub fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', " ")).unwrap_or_default()
}
