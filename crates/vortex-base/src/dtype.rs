//! Number types and their numpy-style names.

use std::fmt;

/// Number type of one field, without its byte order. The numbers are those of `.vxc` files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs)] // the names say it
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

/// How the bits of a type define the order of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberKind {
    /// The bits are an unsigned number.
    Unsigned,
    /// Two's complement.
    Signed,
    /// Sign, exponent and mantissa of IEEE 754, or of bfloat16.
    Float,
}

impl DType {
    /// Every type, in order of its number in files.
    pub const ALL: [Self; 13] = [
        Self::U8,
        Self::I8,
        Self::Bool,
        Self::U16,
        Self::I16,
        Self::F16,
        Self::Bf16,
        Self::U32,
        Self::I32,
        Self::F32,
        Self::U64,
        Self::I64,
        Self::F64,
    ];

    /// The type with this number in a file.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// Bytes per value: 1, 2, 4 or 8.
    pub const fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 | Self::Bool => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::Bf16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// True for binary floating point.
    pub const fn is_float(self) -> bool {
        matches!(self.number_kind(), NumberKind::Float)
    }

    /// The sign bit of a value's bits, which is the highest one.
    pub const fn sign(self) -> u64 {
        1 << (8 * self.size() - 1)
    }

    /// All bits of a value.
    pub const fn mask(self) -> u64 {
        u64::MAX >> (64 - 8 * self.size())
    }

    /// How its values are ordered.
    pub const fn number_kind(self) -> NumberKind {
        match self {
            Self::U8 | Self::Bool | Self::U16 | Self::U32 | Self::U64 => NumberKind::Unsigned,
            Self::I8 | Self::I16 | Self::I32 | Self::I64 => NumberKind::Signed,
            Self::F16 | Self::Bf16 | Self::F32 | Self::F64 => NumberKind::Float,
        }
    }

    /// numpy's type code without byte order: `"f4"`, `"u1"`, `"b1"` (bool). bfloat16, which numpy
    /// does not have, is `"bf2"`.
    pub const fn numpy_code(self) -> &'static str {
        match self {
            Self::U8 => "u1",
            Self::I8 => "i1",
            Self::Bool => "b1",
            Self::U16 => "u2",
            Self::I16 => "i2",
            Self::F16 => "f2",
            Self::Bf16 => "bf2",
            Self::U32 => "u4",
            Self::I32 => "i4",
            Self::F32 => "f4",
            Self::U64 => "u8",
            Self::I64 => "i8",
            Self::F64 => "f8",
        }
    }

    /// numpy's name with byte order: `"<f4"`, `">i2"`, `"|u1"`.
    pub fn numpy(self, big_endian: bool) -> String {
        let order = match (self.size(), big_endian) {
            (1, _) => '|',
            (_, true) => '>',
            (_, false) => '<',
        };
        format!("{order}{}", self.numpy_code())
    }

    /// Reads `"<f4"`, `">i2"`, `"|u1"`, `"f4"`, numpy's letters (`"d"`, `"?"`) and its long names
    /// (`"float32"`, `">uint16"`, `"half"`, `"bool"`) as (type, big endian). No order, `|` and `=`
    /// mean little endian. `int` and `long` have 8 bytes, as in numpy 2. `None` for everything
    /// else, such as numpy's `"<U8"` or `"|S4"`.
    pub fn parse_numpy(name: &str) -> Option<(Self, bool)> {
        let (big_endian, code) = match name.as_bytes().first()? {
            b'>' | b'!' => (true, &name[1..]),
            b'<' | b'|' | b'=' => (false, &name[1..]),
            _ => (false, name),
        };
        let dtype = match code {
            "?" | "bool" | "bool_" => Self::Bool,
            "B" | "uint8" | "ubyte" => Self::U8,
            "b" | "int8" | "byte" => Self::I8,
            "H" | "uint16" | "ushort" => Self::U16,
            "h" | "int16" | "short" => Self::I16,
            "e" | "float16" | "half" => Self::F16,
            "bfloat16" | "bf16" => Self::Bf16,
            "I" | "uint32" | "uintc" => Self::U32,
            "i" | "int32" | "intc" => Self::I32,
            "f" | "float32" | "single" => Self::F32,
            "L" | "Q" | "N" | "P" | "uint64" | "uint" | "ulong" | "ulonglong" | "uintp" => {
                Self::U64
            }
            "l" | "q" | "n" | "p" | "int64" | "int" | "int_" | "long" | "longlong" | "intp" => {
                Self::I64
            }
            "d" | "float64" | "float" | "double" => Self::F64,
            _ => Self::ALL.into_iter().find(|d| d.numpy_code() == code)?,
        };
        Some((dtype, big_endian && dtype.size() > 1))
    }
}

/// The name without byte order, as [`DType::numpy_code`].
impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.numpy_code())
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
            for big_endian in [false, true] {
                let back = DType::parse_numpy(&dtype.numpy(big_endian));
                assert_eq!(back, Some((dtype, big_endian && dtype.size() > 1)));
            }
        }
        assert_eq!(DType::from_code(13), None);
    }

    #[test]
    fn long_and_foreign_names() {
        assert_eq!(DType::parse_numpy("<f4"), Some((DType::F32, false)));
        assert_eq!(DType::parse_numpy(">float64"), Some((DType::F64, true)));
        assert_eq!(DType::parse_numpy("?"), Some((DType::Bool, false)));
        assert_eq!(DType::parse_numpy("f"), Some((DType::F32, false)));
        assert_eq!(DType::parse_numpy(">d"), Some((DType::F64, true)));
        assert_eq!(DType::parse_numpy("B"), Some((DType::U8, false)));
        for bad in ["", "<", "f3", "d8", "i4 ", "<U8", "|S4", "<f16", "é4", "<é"] {
            assert_eq!(DType::parse_numpy(bad), None, "{bad}");
        }
    }
}
