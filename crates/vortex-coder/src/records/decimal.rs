//! Single precision numbers that were once printed: a grid of decimals and the places on it.
//!
//! A value that was written with six digits and read back has far fewer neighbours than its 32 bits
//! allow, but in the bits of the float they look random. On a [`DecimalGrid`] they are counted
//! instead, in order of magnitude.

use super::dtype::DType;
use super::exact::{Exact, round_shift};

/// Decimals of at most `digits` significant digits and at most `places` digits after the point.
///
/// [`Self::swap`] exchanges each float that is nearest to such a decimal with the bits `sign, 11,
/// index`, which are floats beyond 2^65; all others stay what they are. So it undoes itself and every
/// bit pattern comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DecimalGrid {
    digits: u8,
    places: u8,
}

/// Most significant digits: a single precision number holds no more.
const MAX_DIGITS: u8 = 8;
/// Most digits after the point: 24 bits times a power of ten stay below 2^127.
const MAX_PLACES: u8 = 30;
const SIGN: u32 = 1 << 31;
/// Bits 29 and 30: places on the grid.
const REGION: u32 = 3 << 29;
const INDEX: u32 = (1 << 29) - 1;
/// Bits of 2^64: values from here on are on no grid.
const LIMIT: u32 = (127 + 64) << 23;

impl DecimalGrid {
    /// A grid of 1 to 8 significant digits and 0 to 30 places after the point; `None` beyond.
    pub const fn new(digits: u8, places: u8) -> Option<Self> {
        if digits == 0 || digits > MAX_DIGITS || places > MAX_PLACES {
            return None;
        }
        Some(Self { digits, places })
    }
    /// Most significant digits.
    pub const fn digits(self) -> u8 {
        self.digits
    }
    /// Most digits after the point.
    pub const fn places(self) -> u8 {
        self.places
    }

    /// Whether the float with these bits is nearest to a decimal of the grid.
    pub fn contains(self, bits: u32) -> bool {
        self.code(bits).is_some()
    }

    /// Exchanges decimals and their places; undoes itself.
    pub fn swap(self, bits: u32) -> u32 {
        if let Some(code) = self.code(bits) {
            return code;
        }
        if bits & REGION == REGION {
            let value = self.value(bits);
            if value.is_some_and(|value| self.code(value) == Some(bits)) {
                return value.unwrap_or(bits);
            }
        }
        bits
    }

    /// The place next to a float, or its own bits where it is beyond the grid.
    pub(crate) fn nearest(self, bits: u32) -> u32 {
        self.place(bits).unwrap_or(bits)
    }

    /// The place of a float that is on the grid.
    fn code(self, bits: u32) -> Option<u32> {
        self.place(bits).filter(|&code| self.value(code) == Some(bits))
    }

    /// The place whose decimal is nearest.
    fn place(self, bits: u32) -> Option<u32> {
        let magnitude = bits & !SIGN;
        if magnitude >= LIMIT {
            return None;
        }
        let value = Exact::from_bits(DType::F32, magnitude.into())?;
        let ten = power(self.digits.into());
        // Powers of ten below 2^e are at most e log10(2): a first step that is never too large.
        let length = value.exponent + 128 - value.mantissa.leading_zeros().cast_signed();
        let decade = ((length - 1) * 1233) >> 12;
        let first = decade - i32::from(self.digits) + i32::from(self.places);
        let mut step = if value.mantissa == 0 { 0 } else { first.max(0) };
        let mut count = self.count(value, step);
        while count >= ten {
            step += 1;
            count = self.count(value, step);
        }
        let below =
            if step == 0 { 0 } else { ten + (step as u128 - 1) * (ten / 10 * 9) - ten / 10 };
        let index = u32::try_from(below + count).ok().filter(|&index| index <= INDEX)?;
        Some(bits & SIGN | REGION | index)
    }

    /// The float of a place; `None` for one that would be beyond the floats of the grid.
    fn value(self, code: u32) -> Option<u32> {
        let index = u128::from(code & INDEX);
        let ten = power(self.digits.into());
        let (step, count) = if index < ten {
            (0, index)
        } else {
            let above = index - ten;
            (1 + i32::try_from(above / (ten / 10 * 9)).ok()?, ten / 10 + above % (ten / 10 * 9))
        };
        let places = i32::from(self.places) - step;
        if places < -20 {
            return None;
        }
        let value = if places <= 0 || count == 0 {
            let mantissa = count * power(places.unsigned_abs() * u32::from(count > 0));
            Exact { negative: false, mantissa, exponent: 0 }
        } else {
            // At least 26 bits of quotient, and whether anything is left.
            let (shift, divisor) = (count.leading_zeros() - 1, power(places.unsigned_abs()));
            let numerator = count << shift;
            let rest = u128::from(!numerator.is_multiple_of(divisor));
            Exact {
                negative: false,
                mantissa: (numerator / divisor) | rest,
                exponent: -shift.cast_signed(),
            }
        };
        let bits = u32::try_from(value.to_bits(DType::F32)).expect("32 bits");
        (bits < LIMIT).then_some(code & SIGN | bits)
    }

    /// `value * 10^(places - step)`, to the nearest integer.
    fn count(self, value: Exact, step: i32) -> u128 {
        match (i32::from(self.places) - step, value.exponent) {
            (places @ 0.., exponent) => {
                let scaled = value.mantissa * power(places.unsigned_abs());
                match exponent {
                    ..=0 => round_shift(scaled, exponent.unsigned_abs()),
                    up if scaled.leading_zeros() > up.unsigned_abs() => scaled << up,
                    _ => u128::MAX,
                }
            }
            (places, exponent) => {
                let divisor = power(places.unsigned_abs());
                // Below 2^64, so that nothing is lost; fractions of a value beyond 10 do not count.
                let whole = match exponent {
                    0.. => value.mantissa << exponent,
                    down => round_shift(value.mantissa, down.unsigned_abs()),
                };
                (whole + divisor / 2) / divisor
            }
        }
    }
}

/// 10^exponent, below 2^128 for exponents up to 38.
const fn power(exponent: u32) -> u128 {
    10u128.pow(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grid(digits: u8, places: u8) -> DecimalGrid {
        DecimalGrid::new(digits, places).unwrap()
    }

    #[test]
    fn printed_numbers_are_on_the_grid() {
        let six = grid(6, 30);
        for text in [
            "12.3457",
            "0.000123457",
            "-1.5",
            "123457",
            "1.23457e+07",
            "0",
            "-0",
            "9.99999",
            "1e19",
        ] {
            let bits = text.parse::<f32>().unwrap().to_bits();
            assert!(six.contains(bits), "{text}");
            assert_eq!(six.swap(six.swap(bits)), bits, "{text}");
        }
        for value in [std::f32::consts::PI, 12.34567, 3e19, f32::NAN, f32::INFINITY] {
            assert_eq!(six.swap(value.to_bits()), value.to_bits(), "{value}");
        }
        assert!(
            !grid(6, 1).contains(12.34f32.to_bits()) && grid(6, 2).contains(12.34f32.to_bits())
        );
    }

    #[test]
    fn places_count_in_steps_of_the_last_digit() {
        let two = grid(7, 2);
        let place = |value: f32| two.swap(value.to_bits()) & INDEX;
        assert_eq!([0.0, 0.01, 1.0, 3551.84, 99999.99].map(place), [0, 1, 100, 355_184, 9_999_999]);
        let three = grid(3, 1);
        let place = |value: f32| three.swap(value.to_bits()) & INDEX;
        // 99.9, then whole numbers, then tens.
        assert_eq!(
            [99.9, 100.0, 101.0, 999.0, 1000.0, 1010.0].map(place),
            [999, 1000, 1001, 1899, 1900, 1901]
        );
    }

    #[test]
    fn impossible_grids() {
        assert!(DecimalGrid::new(0, 3).is_none());
        assert!(DecimalGrid::new(9, 3).is_none() && DecimalGrid::new(3, 31).is_none());
    }

    fn any_grid() -> impl Strategy<Value = DecimalGrid> {
        (1u8..=8, 0u8..=30).prop_map(|(digits, places)| grid(digits, places))
    }

    proptest! {
        #[test]
        fn swap_undoes_itself(grid in any_grid(), bits in any::<u32>(), index in 0u32..40_000_000, negative in any::<bool>()) {
            for bits in [bits, REGION | index, (SIGN * u32::from(negative)) | REGION | (bits & INDEX)] {
                prop_assert_eq!(grid.swap(grid.swap(bits)), bits);
            }
        }

        #[test]
        fn decimals_keep_their_order(grid in any_grid(), a in 0.0f32..1e6, b in 0.0f32..1e6, scale in -8i32..8) {
            let place = |x: f32| grid.place((x * 10f32.powi(scale)).to_bits());
            if let (Some(p), Some(q)) = (place(a.min(b)), place(a.max(b))) {
                prop_assert!(p <= q);
            }
        }

        /// As the standard library prints and reads them.
        #[test]
        fn agrees_with_printing(count in 0u32..1_000_000, places in 0u8..=12) {
            let text = format!("{count}e-{places}");
            let bits = text.parse::<f32>().unwrap().to_bits();
            let grid = grid(6, places);
            prop_assert_eq!(grid.swap(bits), REGION | count, "{}", text);
            prop_assert_eq!(grid.swap(REGION | count), bits);
        }
    }
}
