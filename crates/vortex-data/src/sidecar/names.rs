//! Names of types and byte orders as they are written in sidecars. A wrong name is refused while it
//! is parsed, so that the line and column of the error point at it.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use vortex_coder::schema::DType;

/// A type, with a byte order if its name gives one.
#[derive(Clone, Copy)]
pub(super) struct TypeName {
    pub(super) dtype: DType,
    pub(super) big_endian: Option<bool>,
}

/// Byte order of a field or file.
#[derive(Clone, Copy)]
pub(super) struct ByteOrder {
    pub(super) big_endian: bool,
}

const TYPES: &str = "u1, i1, b1 (bool), u2, i2, f2, bf2, u4, i4, f4, u8, i8 or f8, with < or > \
                     for the byte order, or a long name such as float32 or uint8";

/// Deserialises a string and converts it, with the reason as the parser's error.
fn from_text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expecting: &'static str,
    convert: fn(&str) -> Result<T, String>,
) -> Result<T, D::Error> {
    struct Text<T>(&'static str, fn(&str) -> Result<T, String>);
    impl<T> Visitor<'_> for Text<T> {
        type Value = T;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            (self.1)(text).map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Text(expecting, convert))
}

impl<'de> Deserialize<'de> for TypeName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "a number type", |text| {
            let (dtype, big_endian) = DType::parse_numpy(text)
                .ok_or_else(|| format!("unknown dtype {text:?}; allowed: {TYPES}"))?;
            let stated = text.starts_with(['<', '>', '!']);
            Ok(Self { dtype, big_endian: stated.then_some(big_endian) })
        })
    }
}

impl<'de> Deserialize<'de> for ByteOrder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "a byte order", |text| match text {
            "little" => Ok(Self { big_endian: false }),
            "big" => Ok(Self { big_endian: true }),
            _ => Err(format!("unknown byte order {text:?}; allowed: little, big")),
        })
    }
}
