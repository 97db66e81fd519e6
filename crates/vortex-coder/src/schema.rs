//! What a record looks like: its stride and its fields. Travels in every `.vxc` and `.vxm`.

/// Number type of one field, without its byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum DType {
    U8 = 0,
    I8 = 1,
    Bool = 2,
    U16 = 3,
    I16 = 4,
    F16 = 5,
    Bf16 = 6,
    U32 = 7,
    I32 = 8,
    F32 = 9,
    U64 = 10,
    I64 = 11,
    F64 = 12,
}

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

/// Largest stride in bytes.
pub const MAX_STRIDE: u32 = 65_535;
/// Longest field name in bytes.
pub const MAX_NAME_LEN: usize = 255;

/// The fields of a record, in order of offset, covering every byte of the stride exactly once.
/// (Gaps of a user's description become `u8` fields named `_pad<offset>`.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    stride: u32,
    fields: Vec<Field>,
}

impl Schema {
    /// Bytes a record.
    pub fn stride(&self) -> usize {
        self.stride as usize
    }
    /// The fields in order of offset.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }
}
