//! Number types of tensors.

use std::fmt;

/// Number type of a tensor, little-endian. The numbers are those of the file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs)] // the names say it
pub enum DType {
    /// Bytes of no known meaning, such as the header of a file.
    Bytes = 0,
    U8 = 1,
    I8 = 2,
    Bool = 3,
    U16 = 4,
    I16 = 5,
    U32 = 6,
    I32 = 7,
    U64 = 8,
    I64 = 9,
    F16 = 10,
    Bf16 = 11,
    F32 = 12,
    F64 = 13,
    /// 8-bit float with 4 bits of exponent and 3 of mantissa.
    F8E4M3 = 14,
    /// 8-bit float with 5 bits of exponent and 2 of mantissa.
    F8E5M2 = 15,
}

impl DType {
    /// Every type, in order of its number in files.
    pub const ALL: [Self; 16] = [
        Self::Bytes,
        Self::U8,
        Self::I8,
        Self::Bool,
        Self::U16,
        Self::I16,
        Self::U32,
        Self::I32,
        Self::U64,
        Self::I64,
        Self::F16,
        Self::Bf16,
        Self::F32,
        Self::F64,
        Self::F8E4M3,
        Self::F8E5M2,
    ];

    /// The type with this number in a file.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// Bytes per value: 1, 2, 4 or 8.
    pub const fn width(self) -> usize {
        match self {
            Self::Bytes | Self::U8 | Self::I8 | Self::Bool | Self::F8E4M3 | Self::F8E5M2 => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::Bf16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// True for floats whose sign and exponent fill more than one byte: their highest 16 bits are
    /// rotated left by one before planes are made.
    pub const fn is_wide_float(self) -> bool {
        matches!(self, Self::F16 | Self::Bf16 | Self::F32 | Self::F64)
    }

    /// True for floats of any width.
    pub const fn is_float(self) -> bool {
        self.is_wide_float() || matches!(self, Self::F8E4M3 | Self::F8E5M2)
    }

    /// True if the highest bit of a value is its sign.
    pub const fn is_signed(self) -> bool {
        !matches!(self, Self::Bytes | Self::U8 | Self::Bool | Self::U16 | Self::U32 | Self::U64)
    }

    /// The name that safetensors files use; `BYTES` for [`DType::Bytes`].
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "BYTES",
            Self::U8 => "U8",
            Self::I8 => "I8",
            Self::Bool => "BOOL",
            Self::U16 => "U16",
            Self::I16 => "I16",
            Self::U32 => "U32",
            Self::I32 => "I32",
            Self::U64 => "U64",
            Self::I64 => "I64",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
            Self::F32 => "F32",
            Self::F64 => "F64",
            Self::F8E4M3 => "F8_E4M3",
            Self::F8E5M2 => "F8_E5M2",
        }
    }

    /// The type with this name, as in safetensors files; case does not matter.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_come_back() {
        for (code, dtype) in (0u8..).zip(DType::ALL) {
            assert_eq!(dtype as u8, code);
            assert_eq!(DType::from_code(code), Some(dtype));
            assert_eq!(DType::parse(&dtype.name().to_lowercase()), Some(dtype));
        }
        assert_eq!(DType::from_code(16), None);
        assert_eq!(DType::parse("F4"), None);
    }
}
