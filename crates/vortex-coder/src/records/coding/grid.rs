//! The stage for single precision numbers that were once printed: a grid of decimals and the places on it.
//!
//! A value that was written with six digits and read back has far fewer neighbours than its 32 bits
//! allow, but in the bits of the float they look random. On a [`DecimalGrid`] they are counted
//! instead, in order of magnitude.

use std::fmt::Display;

use super::exact::{Exact, round_shift};
use super::field::Field;
use super::stage::{KnownStage, Stage, take};
use super::words::{Shape, Words};
use crate::error::{Error, Result};
use vortex_base::dtype::DType;

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

impl Stage for DecimalGrid {
    fn bit(&self) -> u8 {
        Self::BIT
    }

    fn key(&self) -> &'static str {
        Self::KEY
    }

    fn check(&self, dtype: DType, _n_fields: usize) -> std::result::Result<(), String> {
        match dtype {
            DType::F32 => Ok(()),
            _ => Err(format!("decimals are for float32, not {dtype}")),
        }
    }

    fn write_to(&self, out: &mut Vec<u8>) {
        out.extend([self.digits, self.places]);
    }

    fn to_words(&self, _fields: &[Field]) -> Words {
        let count = |value: u8| Words::Count(value.into());
        Words::Map(vec![("digits", count(self.digits)), ("places", count(self.places))])
    }

    fn describe(&self, _fields: &[Field]) -> String {
        format!("decimals of {} digits, at most {} after the point", self.digits, self.places)
    }
}

impl KnownStage for DecimalGrid {
    const BIT: u8 = 1;
    const KEY: &'static str = "decimal";
    const SHAPE: Shape = Shape::Map(&[("digits", Shape::Count), ("places", Shape::Count)]);

    fn read_from(input: &mut &[u8]) -> Result<Self> {
        let [digits, places] = take(input, "grid")?;
        Self::new(digits, places).ok_or_else(|| Error::corrupt(impossible(digits, places)))
    }

    fn from_words(words: &Words, _fields: &[Field]) -> Result<Option<Self>> {
        let (digits, places) = (words.count("digits")?, words.count("places")?);
        let grid = u8::try_from(digits).ok().zip(u8::try_from(places).ok());
        let grid = grid.and_then(|(digits, places)| Self::new(digits, places));
        grid.map(Some).ok_or_else(|| Error::invalid_argument(impossible(digits, places)))
    }
}

fn impossible(digits: impl Display, places: impl Display) -> String {
    format!(
        "decimals of {digits} digits and {places} places; \
         allowed: 1 to {MAX_DIGITS} digits, 0 to {MAX_PLACES} places"
    )
}

/// 10^exponent, below 2^128 for exponents up to 38.
const fn power(exponent: u32) -> u128 {
    10u128.pow(exponent)
}

/// Bits with decimals and their places exchanged, which undoes itself.
pub(in crate::records) fn exchanged(grid: Option<DecimalGrid>, bits: u64) -> u64 {
    grid.map_or(bits, |grid| grid.swap(low_half(bits)).into())
}

/// The bits of a single precision number.
pub(in crate::records) fn low_half(bits: u64) -> u32 {
    let [.., a, b, c, d] = bits.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::super::bit_patterns::{any_bits, round_trip, special};
    use super::super::{FieldCoding, Order, Predicted};
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

    /// The codings that a grid can be part of.
    fn codings(grid: DecimalGrid) -> [FieldCoding; 2] {
        let coding = |order| FieldCoding::Number { grid: Some(grid), order };
        [coding(Order::MsbFirst), coding(Order::Ordered(Predicted::Nothing))]
    }

    #[test]
    fn special_numbers_come_back_on_every_grid() {
        for digits in 1..=MAX_DIGITS {
            for places in 0..=MAX_PLACES {
                for coding in codings(grid(digits, places)) {
                    round_trip(&coding, DType::F32, &special(DType::F32));
                }
            }
        }
    }

    #[test]
    fn files_and_sidecars_give_it_back() {
        for (coding, number) in codings(grid(7, 30)).into_iter().zip(1..) {
            let mut bytes = Vec::new();
            coding.write_extension(&mut bytes);
            assert_eq!(bytes, [1, 7, 30]);
            assert_eq!(FieldCoding::read(number, true, &mut &bytes[..]).unwrap(), coding);
            assert!(FieldCoding::read(0, true, &mut &bytes[..]).is_err(), "raw");
            let words = coding.to_words(DType::F32, &[]);
            assert_eq!(FieldCoding::from_words(DType::F32, &words, &[]).unwrap(), coding);
        }
        for (digits, places) in [(0, 0), (9, 0), (257, 0), (1, 31), (1, 256)] {
            let words = [("digits", Words::Count(digits)), ("places", Words::Count(places))];
            let words = [(DecimalGrid::KEY, Words::Map(words.into()))];
            let error = FieldCoding::from_words(DType::F32, &words, &[]).unwrap_err();
            assert!(error.message.contains("1 to 8 digits, 0 to 30 places"), "{}", error.message);
        }
        let words = [(DecimalGrid::KEY, Words::Map(vec![("digits", Words::Count(3))]))];
        let error = FieldCoding::from_words(DType::F32, &words, &[]).unwrap_err();
        assert!(error.message.contains("places"), "{}", error.message);
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
        fn any_numbers_come_back(grid in any_grid(), bits in prop::collection::vec(any_bits(DType::F32), 8)) {
            for coding in codings(grid) {
                round_trip(&coding, DType::F32, &bits);
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
