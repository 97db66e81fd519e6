//! [`DecimalGrid::swap`] in double precision, where that is proved to say the same.
//!
//! All that is computed in floating point is one product or one quotient of a number of at most 2^27 (or of 24 bits) and a power
//! of ten that is exact, so the relative error is at most 2^-53. Whatever lies so close to the middle of two results
//! that this error could matter, and all that is rare, goes through the integers of the definition.

use crate::records::coding::DecimalGrid;

/// The largest power of ten that double precision holds.
const MAX_POWER: i32 = 22;
/// Results of a product beyond this have too few bits left to be rounded.
const LARGEST_PRODUCT: f64 = 1e9;
/// Distance from the middle of two integers from which on rounding is sure: far more than the error of a product.
const SURE: f64 = 1e-6;
/// Decimals of so many digits lie further apart than twice what single precision rounds, so that the place of a place's
/// value is that place: neighbours differ by 10^-6 of the value at least, and rounding moves it by 2^-24.
const SURE_DIGITS: i32 = 6;
/// Bits of a double that single precision cuts off, and their middle.
const CUT: u64 = (1 << 29) - 1;
const MIDDLE: u64 = 1 << 28;

const SIGN: u32 = 1 << 31;
const REGION: u32 = 3 << 29;
const INDEX: u32 = (1 << 29) - 1;
/// Bits of 2^64.
const LIMIT: u32 = (127 + 64) << 23;
/// Bits of the smallest normal number.
const SMALLEST_NORMAL: u32 = 1 << 23;

const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// A grid and what is computed once for it.
pub(super) struct FastGrid {
    grid: DecimalGrid,
    digits: i32,
    places: i32,
    /// 10^digits.
    ten: u64,
    /// `2^shift` over the places of a step after the first, rounded up: times an index of 29 bits it gives the whole quotient,
    /// since what rounding adds to the product is less than `2^shift`.
    per_decade: u64,
    shift: u32,
}

/// The definition must decide.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unsure;

impl FastGrid {
    pub(super) fn new(grid: DecimalGrid) -> Self {
        let ten = 10u64.pow(grid.digits().into());
        let decade = ten / 10 * 9;
        let shift = 29 + decade.next_power_of_two().trailing_zeros();
        let per_decade = (1u64 << shift).div_ceil(decade);
        let (digits, places) = (grid.digits().into(), grid.places().into());
        Self { grid, digits, places, ten, per_decade, shift }
    }

    /// [`DecimalGrid::swap`].
    pub(super) fn swap(&self, bits: u32) -> u32 {
        self.sure_swap(bits).unwrap_or_else(|Unsure| self.grid.swap(bits))
    }

    /// The place next to a float, or its own bits where it is beyond the grid.
    pub(super) fn nearest(&self, bits: u32) -> Result<u32, Unsure> {
        Ok(self.place(bits)?.unwrap_or(bits))
    }

    /// [`DecimalGrid::nearest`].
    pub(super) fn nearest_or_definition(&self, bits: u32) -> u32 {
        self.nearest(bits).unwrap_or_else(|Unsure| self.grid.nearest(bits))
    }

    fn sure_swap(&self, bits: u32) -> Result<u32, Unsure> {
        if let Some(code) = self.code(bits)? {
            return Ok(code);
        }
        if bits & REGION == REGION
            && let Some(value) = self.value(bits)?
            && (self.digits <= SURE_DIGITS || self.place(value)? == Some(bits))
        {
            return Ok(value);
        }
        Ok(bits)
    }

    /// The place of a float that is on the grid.
    fn code(&self, bits: u32) -> Result<Option<u32>, Unsure> {
        let Some(code) = self.place(bits)? else { return Ok(None) };
        Ok((self.value(code)? == Some(bits)).then_some(code))
    }

    /// The place whose decimal is nearest.
    fn place(&self, bits: u32) -> Result<Option<u32>, Unsure> {
        let magnitude = bits & !SIGN;
        if magnitude >= LIMIT {
            return Ok(None);
        }
        if magnitude == 0 {
            return Ok(Some(bits | REGION));
        }
        if magnitude < SMALLEST_NORMAL {
            return Err(Unsure);
        }
        let x = f32::from_bits(magnitude);
        let exponent = (magnitude >> 23).cast_signed() - 127;
        let decade = (exponent * 1233) >> 12;
        let mut step = (decade - self.digits + self.places).max(0);
        let mut count = self.count(x, step)?;
        while count >= self.ten {
            step += 1;
            count = self.count(x, step)?;
        }
        let index = self.below(step) + count;
        Ok((index <= u64::from(INDEX)).then(|| bits & SIGN | REGION | low(index)))
    }

    /// Places before those of this step, counted from 0; a count of a later step begins at `ten / 10`.
    fn below(&self, step: i32) -> u64 {
        match u64::try_from(step - 1) {
            Ok(steps) => self.ten + steps * (self.ten / 10 * 9) - self.ten / 10,
            Err(_) => 0,
        }
    }

    /// `x 10^(places - step)`, to the nearest integer.
    fn count(&self, x: f32, step: i32) -> Result<u64, Unsure> {
        let places = self.places - step;
        if places >= 0 {
            let power = POWERS.get(places.unsigned_abs() as usize).ok_or(Unsure)?;
            let product = f64::from(x) * power;
            if product > LARGEST_PRODUCT {
                return Err(Unsure);
            }
            let whole = whole(product);
            let rest = product - whole as f64;
            if (rest - 0.5).abs() < SURE {
                return Err(Unsure);
            }
            return Ok(whole + u64::from(rest > 0.5));
        }
        // Below 2^62, where sums do not overflow either.
        if x >= 4e18 || places < -18 {
            return Err(Unsure);
        }
        let divisor = 10u64.pow(places.unsigned_abs());
        Ok((whole(f64::from(x.round_ties_even())) + divisor / 2) / divisor)
    }

    /// The float of a place; `None` for one that would be beyond the floats of the grid.
    fn value(&self, code: u32) -> Result<Option<u32>, Unsure> {
        let (index, ten) = (code & INDEX, low(self.ten));
        let (step, count) = if index < ten {
            (0, index)
        } else {
            let (above, decade) = (index - ten, ten / 10 * 9);
            let decades = low((u64::from(above) * self.per_decade) >> self.shift);
            (decades.cast_signed() + 1, ten / 10 + (above - decades * decade))
        };
        let places = self.places - step;
        if places < -20 {
            return Ok(None);
        }
        if count == 0 {
            return Ok(Some(code & SIGN));
        }
        let count = f64::from(count);
        let value = if places <= 0 {
            count * POWERS[places.unsigned_abs() as usize]
        } else if places <= MAX_POWER {
            count / POWERS[places.unsigned_abs() as usize]
        } else {
            return Err(Unsure);
        };
        // Single precision cuts off 29 bits: not where their rest is too close to the middle, nor of subnormal numbers.
        if (value.to_bits() & CUT).abs_diff(MIDDLE) <= 1 || value < f64::from(f32::MIN_POSITIVE) {
            return Err(Unsure);
        }
        let bits = rounded(value).to_bits();
        Ok((bits < LIMIT).then_some(code & SIGN | bits))
    }
}

/// The whole part of a number from 0 to 2^62.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // it is in range
fn whole(x: f64) -> u64 {
    x as u64
}

/// The nearest number of single precision.
#[allow(clippy::cast_possible_truncation)] // that is what is asked for
fn rounded(x: f64) -> f32 {
    x as f32
}

/// A number of at most 32 bits.
#[allow(clippy::cast_possible_truncation)] // checked by the caller
fn low(index: u64) -> u32 {
    index as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(grid: DecimalGrid, bits: u32) {
        assert_eq!(FastGrid::new(grid).swap(bits), grid.swap(bits), "{grid:?} {bits:#x}");
    }

    #[test]
    fn special_numbers_on_every_grid() {
        let edges =
            [0, 1, SMALLEST_NORMAL - 1, SMALLEST_NORMAL, LIMIT - 1, LIMIT, REGION, u32::MAX >> 1];
        let printed =
            [0.5f32, 1.0, 9.5, 99.5, 999_999.5, 1e6, 16_777_216.0, 1e9, 4e18, 9e18, 1.8e19];
        for digits in 1..=8 {
            for places in 0..=30 {
                let grid = DecimalGrid::new(digits, places).unwrap();
                for bits in edges.into_iter().chain(printed.map(f32::to_bits)) {
                    for bits in [bits.wrapping_sub(1), bits, bits + 1] {
                        check(grid, bits);
                        check(grid, bits ^ SIGN);
                    }
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn any_number_on_any_grid(
            digits in 1u8..=8, places in 0u8..=30, bits in any::<u32>(), index in 0u32..1 << 29, shift in 0u32..29,
        ) {
            let grid = DecimalGrid::new(digits, places).unwrap();
            check(grid, bits);
            check(grid, bits & SIGN | REGION | index >> shift);
        }

        #[test]
        fn printed_numbers(digits in 1u8..=8, places in 0u8..=30, count in 0u32..100_000_000, power in -12i32..12) {
            let grid = DecimalGrid::new(digits, places).unwrap();
            let bits = format!("{count}e{power}").parse::<f32>().unwrap().to_bits();
            for bits in [bits.saturating_sub(1), bits, bits + 1] {
                check(grid, bits);
            }
        }

        #[test]
        fn middles_of_the_grid(digits in 1u8..=8, places in 0u8..=12, count in 0u32..1_000_000) {
            let grid = DecimalGrid::new(digits, places).unwrap();
            let half = (f64::from(count) + 0.5) / 10f64.powi(places.into());
            for bits in (half as f32).to_bits().saturating_sub(1)..(half as f32).to_bits() + 2 {
                check(grid, bits);
            }
        }
    }
}
