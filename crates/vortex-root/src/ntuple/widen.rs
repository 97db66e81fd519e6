//! One type for a field whose representations have different types.

use vortex_base::dtype::DType;

use crate::packed;

/// The one of two types that holds all values of both.
pub(super) fn wider(a: DType, b: DType) -> Option<DType> {
    let signed = |dtype| matches!(dtype, DType::I8 | DType::I16 | DType::I32 | DType::I64);
    let holds = |large: DType, small: DType| {
        let wider = small.size() < large.size();
        match (large.is_float(), small.is_float()) {
            _ if large == small => true,
            (true, true) => wider,
            (false, false) if small == DType::Bool => true,
            (false, false) => wider && (signed(large) || !signed(small)),
            _ => false,
        }
    };
    if holds(a, b) { Some(a) } else { holds(b, a).then_some(b) }
}

/// Appends values of one type as those of a wider one.
pub(super) fn widen(values: &[u8], from: DType, to: DType, out: &mut Vec<u8>) {
    if from == to {
        return out.extend_from_slice(values);
    }
    for value in values.chunks_exact(from.size()) {
        let mut bytes = [0; 8];
        bytes[..value.len()].copy_from_slice(value);
        let bits = u64::from_le_bytes(bytes);
        let wide = match from {
            DType::F16 if to == DType::F32 => u64::from(f32_of_half(bits as u16).to_bits()),
            DType::F16 => packed::widen(f32_of_half(bits as u16)).to_bits(),
            DType::F32 => packed::widen(f32::from_bits(bits as u32)).to_bits(),
            DType::I8 => i64::from(bits as i8) as u64,
            DType::I16 => i64::from(bits as i16) as u64,
            DType::I32 => i64::from(bits as i32) as u64,
            _ => bits,
        };
        out.extend_from_slice(&wide.to_le_bytes()[..to.size()]);
    }
}

/// The value of a number of half precision; exact. NaNs get the quiet bit, as processors set it.
fn f32_of_half(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let (exponent, mantissa) = (bits >> 10 & 31, u32::from(bits & 1023));
    let magnitude = match exponent {
        0 => mantissa as f32 * 2f32.powi(-24),
        31 if mantissa == 0 => f32::INFINITY,
        31 => f32::from_bits(0x7fc0_0000 | mantissa << 13),
        _ => f32::from_bits((u32::from(exponent) + 127 - 15) << 23 | mantissa << 13),
    };
    f32::from_bits(magnitude.to_bits() | sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wider_types() {
        use DType::*;
        let table = [
            (F32, F16, Some(F32)),
            (F64, F32, Some(F64)),
            (F32, F32, Some(F32)),
            (Bool, I8, Some(I8)),
            (Bool, U8, Some(U8)),
            (I8, Bool, Some(I8)),
            (U8, I16, Some(I16)),
            (I16, I64, Some(I64)),
            (U8, I8, None),
            (I8, U16, None),
            (F16, I32, None),
            (I32, F64, None),
            (U32, F32, None),
        ];
        for (a, b, both) in table {
            assert_eq!((wider(a, b), wider(b, a)), (both, both), "{a} {b}");
        }
    }

    #[test]
    fn widened_values() {
        let check = |from, values: &[u8], to, expected: &[u8]| {
            let mut out = Vec::new();
            widen(values, from, to, &mut out);
            assert_eq!(out, expected, "{from} {to}");
        };
        check(DType::I8, &[0xff, 1], DType::I16, &[0xff, 0xff, 1, 0]);
        check(DType::U8, &[0xff], DType::I16, &[0xff, 0]);
        check(DType::I32, &(-5i32).to_le_bytes(), DType::I64, &(-5i64).to_le_bytes());
        check(DType::F32, &0.1f32.to_le_bytes(), DType::F64, &f64::from(0.1f32).to_le_bytes());
        // 1, the smallest, the largest, negative zero and infinity.
        for (half, value) in [
            (0x3c00u16, 1.0f32),
            (1, 5.960_464_5e-8),
            (0x7bff, 65504.0),
            (0x8000, -0.0),
            (0xfc00, f32::NEG_INFINITY),
        ] {
            check(DType::F16, &half.to_le_bytes(), DType::F32, &value.to_le_bytes());
        }
        // A signalling NaN with its payload, on every machine.
        check(DType::F16, &0x7c01u16.to_le_bytes(), DType::F32, &0x7fc0_2000u32.to_le_bytes());
        let wide = 0x7ff8_0400_0000_0000u64;
        check(DType::F16, &0x7c01u16.to_le_bytes(), DType::F64, &wide.to_le_bytes());
    }
}
