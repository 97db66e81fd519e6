//! The value of a field as text.

use std::fmt::{Display, LowerExp};
use std::io::{self, Write};

use vortex_coder::{DType, Field};

/// Writes the value of a field of a record: the shortest text that gives back the same number.
/// NaN is `nan`, whatever its payload.
pub fn write(field: &Field, record: &[u8], out: &mut impl Write) -> io::Result<()> {
    match field.dtype {
        DType::F64 => {
            let value = field.value(record);
            float(value, value.abs(), out)
        }
        // Those of half precision are numbers of single precision too.
        DType::F32 | DType::F16 | DType::Bf16 => {
            let value = field.value(record);
            float(value as f32, value.abs(), out)
        }
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => {
            let unused = 64 - 8 * field.dtype.size();
            write!(out, "{}", (field.bits(record) << unused).cast_signed() >> unused)
        }
        DType::U8 | DType::Bool | DType::U16 | DType::U32 | DType::U64 => {
            write!(out, "{}", field.bits(record))
        }
    }
}

/// Writes `value`, whose magnitude is `size`, with an exponent where it would have many zeros.
fn float(value: impl Display + LowerExp, size: f64, out: &mut impl Write) -> io::Result<()> {
    match size {
        _ if size.is_nan() => out.write_all(b"nan"),
        _ if size == 0.0 || (1e-5..1e16).contains(&size) || size.is_infinite() => {
            write!(out, "{value}")
        }
        _ => write!(out, "{value:e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(dtype: DType, bytes: &[u8]) -> String {
        let mut out = Vec::new();
        write(&Field::new("x", dtype, 0), bytes, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn known_values() {
        for (value, wanted) in [
            (0.1, "0.1"),
            (-0.0, "-0"),
            (1e15, "1000000000000000"),
            (1e16, "1e16"),
            (-2.5e-7, "-2.5e-7"),
            (f64::MAX, "1.7976931348623157e308"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (-f64::NAN, "nan"),
        ] {
            assert_eq!(text(DType::F64, &value.to_le_bytes()), wanted);
        }
        assert_eq!(text(DType::F32, &0.1f32.to_le_bytes()), "0.1");
        assert_eq!(text(DType::F16, &0x3c01u16.to_le_bytes()), "1.0009766");
        assert_eq!(text(DType::Bf16, &0x3f80u16.to_le_bytes()), "1");
        assert_eq!(text(DType::I8, &[0x80]), "-128");
        assert_eq!(text(DType::I64, &i64::MIN.to_le_bytes()), "-9223372036854775808");
        assert_eq!(text(DType::U64, &u64::MAX.to_le_bytes()), "18446744073709551615");
        assert_eq!((text(DType::Bool, &[1]), text(DType::Bool, &[7])), ("1".into(), "7".into()));
        let big = Field { big_endian: true, ..Field::new("x", DType::I16, 1) };
        let mut out = Vec::new();
        write(&big, &[9, 0xff, 0xfe], &mut out).unwrap();
        assert_eq!(out, b"-2");
    }

    #[test]
    fn floats_come_back_from_their_text() {
        let mut bits = 0x9e37_79b9_7f4a_7c15u64;
        for _ in 0..20_000 {
            bits = bits.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            let (double, single) = (f64::from_bits(bits), f32::from_bits((bits >> 32) as u32));
            let back: f64 = text(DType::F64, &double.to_le_bytes()).parse().unwrap();
            assert!(back.to_bits() == double.to_bits() || double.is_nan() && back.is_nan());
            let back: f32 = text(DType::F32, &single.to_le_bytes()).parse().unwrap();
            assert!(back.to_bits() == single.to_bits() || single.is_nan() && back.is_nan());
        }
    }
}
