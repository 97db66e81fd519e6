//! Columns through zstd, as the bytes of the numbers or as planes: all most significant bytes, then all bytes below them.

use zstd::bulk::{Compressor, Decompressor};

use crate::container::frame;
use crate::error::{Error, Result};
use crate::records::columns::Code;

/// The planes of numbers, the most significant one first.
pub(super) fn to_planes<T: Code>(numbers: &[T]) -> Vec<u8> {
    let n = numbers.len();
    let mut planes = vec![0; n * T::BYTES];
    for (plane, out) in planes.chunks_exact_mut(n.max(1)).enumerate() {
        let shift = 8 * (T::BYTES - 1 - plane);
        for (byte, &number) in out.iter_mut().zip(numbers) {
            let number: u64 = number.into();
            *byte = u8::low_bits(number >> shift);
        }
    }
    planes
}

/// The numbers of planes.
pub(super) fn from_planes<T: Code>(planes: &[u8], numbers: &mut [T]) {
    let n = numbers.len();
    match T::BYTES {
        1 => {
            for (number, &byte) in numbers.iter_mut().zip(planes) {
                *number = T::low_bits(byte.into());
            }
        }
        2 => {
            let (high, low) = planes.split_at(n);
            for ((number, &a), &b) in numbers.iter_mut().zip(high).zip(low) {
                *number = T::low_bits(u16::from_be_bytes([a, b]).into());
            }
        }
        4 => {
            let (high, low) = planes.split_at(2 * n);
            let (a, b) = high.split_at(n);
            let (c, d) = low.split_at(n);
            for ((((number, &a), &b), &c), &d) in numbers.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                *number = T::low_bits(u32::from_be_bytes([a, b, c, d]).into());
            }
        }
        _ => {
            for (i, number) in numbers.iter_mut().enumerate() {
                let join = |bits: u64, plane: usize| bits << 8 | u64::from(planes[plane * n + i]);
                *number = T::low_bits((0..T::BYTES).fold(0, join));
            }
        }
    }
}

/// The bytes of numbers, the least significant one of each first.
pub(super) fn to_bytes<T: Code>(numbers: &[T]) -> Vec<u8> {
    let mut bytes = vec![0; numbers.len() * T::BYTES];
    let places = bytes.chunks_exact_mut(T::BYTES);
    places.zip(numbers).for_each(|(place, number)| number.to_le(place));
    bytes
}

/// The numbers of bytes.
pub(super) fn from_bytes<T: Code>(bytes: &[u8], numbers: &mut [T]) {
    let places = bytes.chunks_exact(T::BYTES);
    places.zip(numbers).for_each(|(place, number)| *number = T::from_le(place));
}

/// A zstd frame of `bytes`, if it is shorter than `limit`.
pub(super) fn write(
    compressor: &mut Compressor<'_>,
    bytes: &[u8],
    limit: usize,
) -> Option<Vec<u8>> {
    let mut frame = Vec::with_capacity(limit);
    // Its only failure is a frame beyond the capacity.
    let written = compressor.compress_to_buffer(bytes, &mut frame);
    written.is_ok_and(|len| len < limit).then_some(frame)
}

/// A zstd frame of `bytes`, however long.
pub(super) fn stored(compressor: &mut Compressor<'_>, bytes: &[u8]) -> Vec<u8> {
    let most = zstd::zstd_safe::compress_bound(bytes.len());
    write(compressor, bytes, most + 1).expect("a frame has a bound")
}

/// The `len` bytes of a frame.
///
/// # Errors
/// [`crate::ErrorKind::Corrupt`] for what is no such frame.
pub(super) fn read(
    decompressor: &mut Decompressor<'_>,
    frame: &[u8],
    len: usize,
) -> Result<Vec<u8>> {
    frame::expand(decompressor, frame, len)
        .map_err(|error| Error::corrupt(error.message).context("a column"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back<T: Code>(numbers: &[u64]) {
        let numbers: Vec<T> = numbers.iter().map(|&x| T::low_bits(x)).collect();
        let mut back = vec![T::default(); numbers.len()];
        from_planes(&to_planes(&numbers), &mut back);
        assert_eq!(back, numbers);
        let mut back = vec![T::default(); numbers.len()];
        from_bytes(&to_bytes(&numbers), &mut back);
        assert_eq!(back, numbers);
    }

    #[test]
    fn numbers_of_every_width_come_back() {
        for n in [0, 1, 2, 33] {
            let numbers: Vec<u64> =
                (0..n).map(|i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
            there_and_back::<u8>(&numbers);
            there_and_back::<u16>(&numbers);
            there_and_back::<u32>(&numbers);
            there_and_back::<u64>(&numbers);
        }
        assert_eq!(to_planes(&[0x0102u16, 0x0304]), [1, 3, 2, 4]);
        assert_eq!(to_bytes(&[0x0102u16, 0x0304]), [2, 1, 4, 3]);
    }
}
