//! Differences from the same values of a base checkpoint.

use crate::dtype::DType;

/// The filter that is applied to the values before the layout. The numbers are those of the file
/// format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Filter {
    /// No filter; the base is not needed.
    None = 0,
    /// Exclusive or with the base.
    Xor = 1,
    /// The difference from the base of integers that have the order of the values, zigzag: 0, -1, 1,
    /// -2, 2 are stored as 0, 1, 2, 3, 4.
    Difference = 2,
}

impl Filter {
    /// All filters, in order of their numbers.
    pub const ALL: [Self; 3] = [Self::None, Self::Xor, Self::Difference];

    /// The type from which planes are made: residuals are unsigned integers.
    pub(crate) fn residual_type(self, dtype: DType) -> DType {
        match (self, dtype.width()) {
            (Self::None, _) => dtype,
            (_, 1) => DType::U8,
            (_, 2) => DType::U16,
            (_, 4) => DType::U32,
            _ => DType::U64,
        }
    }
}

/// An unsigned integer of the width of a value.
trait Word: Copy {
    fn xor(self, other: Self) -> Self;
    fn difference(self, base: Self, float: bool) -> Self;
    fn restore(self, base: Self, float: bool) -> Self;
}

macro_rules! word {
    ($word:ty, $signed:ty) => {
        impl Word for $word {
            #[inline(always)]
            fn xor(self, other: Self) -> Self {
                self ^ other
            }
            #[inline(always)]
            fn difference(self, base: Self, float: bool) -> Self {
                let step = match float {
                    true => to_order!($word, self).wrapping_sub(to_order!($word, base)),
                    false => self.wrapping_sub(base),
                };
                let signed = step as $signed;
                (signed << 1 ^ signed >> (<$word>::BITS - 1)) as $word
            }
            #[inline(always)]
            fn restore(self, base: Self, float: bool) -> Self {
                let step = self >> 1 ^ (self & 1).wrapping_neg();
                match float {
                    true => {
                        let order = to_order!($word, base).wrapping_add(step);
                        let top = 1 << (<$word>::BITS - 1);
                        if order & top != 0 { order ^ top } else { !order }
                    }
                    false => base.wrapping_add(step),
                }
            }
        }
    };
}

/// Maps larger floats to larger integers.
macro_rules! to_order {
    ($word:ty, $value:expr) => {{
        let top: $word = 1 << (<$word>::BITS - 1);
        if $value & top != 0 { !$value } else { $value | top }
    }};
}

word!(u8, i8);
word!(u16, i16);
word!(u32, i32);
word!(u64, i64);

macro_rules! for_each_value {
    ($word:ty, $values:expr, $base:expr, $change:expr) => {{
        const WIDTH: usize = size_of::<$word>();
        let base = $base.as_chunks::<WIDTH>().0;
        for (value, base) in $values.as_chunks_mut::<WIDTH>().0.iter_mut().zip(base) {
            let change: fn($word, $word) -> $word = $change;
            *value =
                change(<$word>::from_le_bytes(*value), <$word>::from_le_bytes(*base)).to_le_bytes();
        }
    }};
}

macro_rules! by_width {
    ($dtype:expr, $values:expr, $base:expr, $change:expr) => {
        match $dtype.width() {
            1 => for_each_value!(u8, $values, $base, $change),
            2 => for_each_value!(u16, $values, $base, $change),
            4 => for_each_value!(u32, $values, $base, $change),
            _ => for_each_value!(u64, $values, $base, $change),
        }
    };
}

/// Replaces `out` by the result of `filter`, which is not [`Filter::None`], for whole values.
pub(crate) fn residuals(
    values: &[u8],
    base: &[u8],
    dtype: DType,
    filter: Filter,
    out: &mut Vec<u8>,
) {
    out.clear();
    out.extend_from_slice(values);
    match (filter, dtype.is_float()) {
        (Filter::None, _) => {}
        (Filter::Xor, _) => by_width!(dtype, out, base, |v, b| v.xor(b)),
        (Filter::Difference, true) => by_width!(dtype, out, base, |v, b| v.difference(b, true)),
        (Filter::Difference, false) => by_width!(dtype, out, base, |v, b| v.difference(b, false)),
    }
}

/// Converts residuals to values, in place.
pub(crate) fn restore(values: &mut [u8], base: &[u8], dtype: DType, filter: Filter) {
    match (filter, dtype.is_float()) {
        (Filter::None, _) => {}
        (Filter::Xor, _) => by_width!(dtype, values, base, |v, b| v.xor(b)),
        (Filter::Difference, true) => by_width!(dtype, values, base, |v, b| v.restore(b, true)),
        (Filter::Difference, false) => by_width!(dtype, values, base, |v, b| v.restore(b, false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_special_values_comes_back() {
        let heads = [0u64, 1, 0x7fff, 0x8000, 0x8001, 0xffff, 0x7f80, 0xff80, 0x7c00, 0x3f80];
        let tails = [0u64, 1, 0xffff_ffff_ffff];
        let all: Vec<u64> =
            heads.iter().flat_map(|head| tails.map(|tail| head << 48 | tail)).collect();
        for dtype in DType::ALL {
            let keep = 8 - dtype.width();
            let take = |v: &u64| v.to_le_bytes()[keep..].to_vec();
            let values: Vec<u8> = all.iter().flat_map(|v| take(v).repeat(all.len())).collect();
            let base: Vec<u8> = all.iter().flat_map(take).collect::<Vec<_>>().repeat(all.len());
            for filter in Filter::ALL {
                let mut out = Vec::new();
                residuals(&values, &base, dtype, filter, &mut out);
                restore(&mut out, &base, dtype, filter);
                assert!(out == values, "{dtype} {filter:?}");
            }
        }
    }

    #[test]
    fn neighbours_of_zero_are_close() {
        let mut out = Vec::new();
        let (minus, plus) = ((-1e-45f32).to_le_bytes(), 1e-45f32.to_le_bytes());
        residuals(&plus, &minus, DType::F32, Filter::Difference, &mut out);
        assert_eq!(out, 6u32.to_le_bytes());
        residuals(&minus, &plus, DType::F32, Filter::Difference, &mut out);
        assert_eq!(out, 5u32.to_le_bytes());
    }
}
