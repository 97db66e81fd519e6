//! Numbers of a record as integers with an exponent: what laws and decimal grids compute with,
//! so that no result depends on a machine's floating point.

use vortex_base::dtype::{DType, NumberKind};

/// `(-1)^negative * mantissa * 2^exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exact {
    pub(crate) negative: bool,
    pub(crate) mantissa: u128,
    pub(crate) exponent: i32,
}

/// Bits of mantissa as stored, and the bias of the exponent.
#[derive(Clone, Copy)]
struct FloatFormat {
    mantissa: i32,
    exponent: i32,
}

impl FloatFormat {
    const fn of(dtype: DType) -> Option<Self> {
        Some(match dtype {
            DType::F16 => Self { mantissa: 10, exponent: 5 },
            DType::Bf16 => Self { mantissa: 7, exponent: 8 },
            DType::F32 => Self { mantissa: 23, exponent: 8 },
            DType::F64 => Self { mantissa: 52, exponent: 11 },
            _ => return None,
        })
    }
    const fn bias(self) -> i32 {
        (1 << (self.exponent - 1)) - 1
    }
    /// The exponent field of infinities.
    const fn top(self) -> u64 {
        (1 << self.exponent) - 1
    }
}

impl Exact {
    pub(crate) const ZERO: Self = Self { negative: false, mantissa: 0, exponent: 0 };

    /// The value of a field from its bits; `None` for infinities and NaN.
    pub(crate) fn from_bits(dtype: DType, bits: u64) -> Option<Self> {
        let Some(format) = FloatFormat::of(dtype) else {
            let width = 8 * dtype.size();
            let signed = dtype.number_kind() == NumberKind::Signed;
            let value = if signed {
                i128::from((bits << (64 - width)) as i64 >> (64 - width))
            } else {
                bits.into()
            };
            return Some(Self { negative: value < 0, mantissa: value.unsigned_abs(), exponent: 0 });
        };
        let fraction = bits & ((1 << format.mantissa) - 1);
        let stored = (bits >> format.mantissa) & format.top();
        if stored == format.top() {
            return None;
        }
        let negative = bits >> (format.mantissa + format.exponent) & 1 == 1;
        let hidden = u64::from(stored > 0) << format.mantissa;
        let exponent =
            i32::try_from(stored.max(1)).expect("11 bits") - format.bias() - format.mantissa;
        Some(Self { negative, mantissa: (fraction | hidden).into(), exponent })
    }

    /// The bits of the nearest float, ties to even; infinity beyond the largest.
    ///
    /// # Panics
    /// For a `dtype` that is no float.
    pub(crate) fn to_bits(self, dtype: DType) -> u64 {
        let format = FloatFormat::of(dtype).expect("a float");
        let sign = u64::from(self.negative) << (format.mantissa + format.exponent);
        if self.mantissa == 0 {
            return sign;
        }
        let length = 128 - self.mantissa.leading_zeros().cast_signed();
        // Exponent of the last place: of a normal result, or the one that all subnormals share.
        let smallest = 1 - format.bias() - format.mantissa;
        let last = (self.exponent + length - 1 - format.mantissa).max(smallest);
        let rounded = match last - self.exponent {
            up @ 1.. => round_shift(self.mantissa, up.unsigned_abs()),
            down => self.mantissa << down.unsigned_abs(),
        };
        let rounded = u64::try_from(rounded).expect("at most one bit more than the mantissa");
        // A carry out of the mantissa runs into the exponent, as it should.
        let biased = u64::from((last - smallest).unsigned_abs());
        let hidden = 1u64 << format.mantissa;
        let magnitude =
            if rounded < hidden { rounded } else { (biased << format.mantissa) + rounded };
        sign | magnitude.min(format.top() << format.mantissa)
    }
}

/// `value / 2^shift`, rounded to the nearest integer, ties to even.
pub(crate) fn round_shift(value: u128, shift: u32) -> u128 {
    match shift {
        0 => value,
        1..=127 => {
            let half = 1u128 << (shift - 1);
            let (whole, rest) = (value >> shift, value & ((half << 1) - 1));
            whole + u128::from(rest > half || (rest == half && whole & 1 == 1))
        }
        128 => u128::from(value > 1 << 127),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn integers_and_specials() {
        let value = |dtype, bits| Exact::from_bits(dtype, bits);
        assert_eq!(
            value(DType::I16, 0xfffe),
            Some(Exact { negative: true, mantissa: 2, exponent: 0 })
        );
        assert_eq!(value(DType::I64, 1 << 63).unwrap().mantissa, 1 << 63);
        assert_eq!(value(DType::U16, 0xfffe).unwrap().mantissa, 0xfffe);
        for special in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(value(DType::F32, special.to_bits().into()), None);
        }
        let huge = Exact { negative: true, mantissa: 1, exponent: 2000 };
        assert_eq!(huge.to_bits(DType::F64), f64::NEG_INFINITY.to_bits());
        let tiny = Exact { negative: false, mantissa: 3, exponent: -2000 };
        assert_eq!(tiny.to_bits(DType::F64), 0);
    }

    proptest! {
        #[test]
        fn finite_floats_come_back(bits in any::<u64>()) {
            for dtype in [DType::F16, DType::Bf16, DType::F32, DType::F64] {
                let bits = bits & (u64::MAX >> (64 - 8 * dtype.size()));
                if let Some(value) = Exact::from_bits(dtype, bits) {
                    prop_assert_eq!(value.to_bits(dtype), bits);
                }
            }
        }

        /// The processor's own conversions round in the same way.
        #[test]
        fn rounds_as_the_processor_does(bits in any::<u64>(), integer in any::<u64>()) {
            if let Some(value) = Exact::from_bits(DType::F64, bits) {
                let expected = (f64::from_bits(bits) as f32).to_bits();
                prop_assert_eq!(value.to_bits(DType::F32), u64::from(expected));
            }
            let value = Exact { negative: false, mantissa: integer.into(), exponent: 0 };
            prop_assert_eq!(value.to_bits(DType::F64), (integer as f64).to_bits());
            prop_assert_eq!(value.to_bits(DType::F32), u64::from((integer as f32).to_bits()));
        }
    }
}
