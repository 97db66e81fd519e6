//! The numbers of one field of many records, each as wide as the field.

use std::fmt::Debug;
use std::hash::Hash;

/// An unsigned integer of 1, 2, 4 or 8 bytes.
pub(crate) trait Code:
    Copy + Ord + Hash + Default + Debug + Into<u64> + Send + Sync + 'static
{
    /// Its width.
    const BYTES: usize;
    /// Its highest bit.
    const TOP: Self;

    /// The same number, as wide as any.
    fn wide(self) -> u64 {
        self.into()
    }
    /// The lowest bits of a wider number.
    fn low_bits(bits: u64) -> Self;
    /// The number of `BYTES` bytes, the least significant one first.
    fn from_le(bytes: &[u8]) -> Self;
    /// The number of `BYTES` bytes, the most significant one first.
    fn from_be(bytes: &[u8]) -> Self;
    /// Writes `BYTES` bytes, the least significant one first.
    fn to_le(self, out: &mut [u8]);
    /// Writes `BYTES` bytes, the most significant one first.
    fn to_be(self, out: &mut [u8]);
    /// The sum, modulo 2^(8 BYTES).
    fn plus(self, other: Self) -> Self;
    /// The difference, modulo 2^(8 BYTES).
    fn minus(self, other: Self) -> Self;
    /// Exclusive or.
    fn xor(self, other: Self) -> Self;
    /// All bits turned.
    fn turned(self) -> Self;
    /// The bits of a float, in the order of the floats.
    fn float_in_order(self) -> Self {
        if self >= Self::TOP { self.turned() } else { self.xor(Self::TOP) }
    }
    /// Undoes [`Self::float_in_order`].
    fn float_out_of_order(self) -> Self {
        if self < Self::TOP { self.turned() } else { self.xor(Self::TOP) }
    }
}

macro_rules! impl_code {
    ($($number:ty),*) => {$(
        impl Code for $number {
            const BYTES: usize = size_of::<Self>();
            const TOP: Self = 1 << (Self::BITS - 1);

            #[allow(clippy::cast_possible_truncation)] // that is what is asked for
            fn low_bits(bits: u64) -> Self {
                bits as Self
            }
            fn from_le(bytes: &[u8]) -> Self {
                Self::from_le_bytes(bytes.try_into().expect("its width"))
            }
            fn from_be(bytes: &[u8]) -> Self {
                Self::from_be_bytes(bytes.try_into().expect("its width"))
            }
            fn to_le(self, out: &mut [u8]) {
                out.copy_from_slice(&self.to_le_bytes());
            }
            fn to_be(self, out: &mut [u8]) {
                out.copy_from_slice(&self.to_be_bytes());
            }
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            fn xor(self, other: Self) -> Self {
                self ^ other
            }
            fn turned(self) -> Self {
                !self
            }
        }
    )*};
}
impl_code!(u8, u16, u32, u64);

/// The numbers of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    One(Vec<u8>),
    Two(Vec<u16>),
    Four(Vec<u32>),
    Eight(Vec<u64>),
}

/// Runs an expression with the vector of a column of whatever width.
macro_rules! with_column {
    ($column:expr, $numbers:pat => $body:expr) => {
        match $column {
            $crate::records::columns::Column::One($numbers) => $body,
            $crate::records::columns::Column::Two($numbers) => $body,
            $crate::records::columns::Column::Four($numbers) => $body,
            $crate::records::columns::Column::Eight($numbers) => $body,
        }
    };
}
pub(crate) use with_column;

impl Column {
    /// An empty column of numbers of so many bytes.
    pub(crate) fn with_capacity(bytes: usize, n: usize) -> Self {
        match bytes {
            1 => Self::One(Vec::with_capacity(n)),
            2 => Self::Two(Vec::with_capacity(n)),
            4 => Self::Four(Vec::with_capacity(n)),
            _ => Self::Eight(Vec::with_capacity(n)),
        }
    }

    /// How many numbers there are.
    pub(crate) fn len(&self) -> usize {
        with_column!(self, numbers => numbers.len())
    }

    /// One of them.
    pub(crate) fn get(&self, i: usize) -> u64 {
        with_column!(self, numbers => numbers[i].wide())
    }
}
