//! Numbers of variable length in the heads of columns, one by one or growing.

use crate::error::{Error, Result};
pub(super) use crate::prediction::varint::write;

/// Most bytes of a number.
const MAX_BYTES: u32 = 10;

/// Reads a number and moves `input` past it.
///
/// # Errors
/// [`crate::ErrorKind::Corrupt`] where `input` ends, and for more than 64 bits.
pub(super) fn read(input: &mut &[u8]) -> Result<u64> {
    let mut n = 0u64;
    for i in 0..MAX_BYTES {
        let Some((&byte, rest)) = input.split_first() else {
            return Err(Error::corrupt("the heads of the columns end inside a number"));
        };
        *input = rest;
        let bits = u64::from(byte & 0x7f);
        if bits.leading_zeros() < 7 * i {
            break;
        }
        n |= bits << (7 * i);
        if byte < 0x80 {
            return Ok(n);
        }
    }
    Err(Error::corrupt("a number of more than 64 bits in the heads of the columns"))
}

/// Appends numbers that grow, each as its distance from the one before, less 1.
pub(super) fn write_growing(numbers: &[u64], out: &mut Vec<u8>) {
    let mut next = 0;
    for &number in numbers {
        write(number - next, out);
        next = number.wrapping_add(1);
    }
}

/// Reads so many numbers that grow and are at most `largest`.
///
/// # Errors
/// As [`read`], and for larger numbers.
pub(super) fn read_growing(n: usize, largest: u64, input: &mut &[u8]) -> Result<Vec<u64>> {
    // Each takes a byte at least.
    let mut numbers = Vec::with_capacity(n.min(input.len()));
    let mut next = Some(0u64);
    for _ in 0..n {
        let distance = read(input)?;
        let number = next.and_then(|next| next.checked_add(distance)).filter(|&x| x <= largest);
        let Some(number) = number else {
            return Err(Error::corrupt(format!(
                "a value beyond {largest} in the heads of the columns"
            )));
        };
        numbers.push(number);
        next = number.checked_add(1);
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back(n in any::<u64>(), shift in 0u32..64, mut more in prop::collection::btree_set(any::<u64>(), 0..9)) {
            let mut bytes = Vec::new();
            write(n >> shift, &mut bytes);
            more.insert(u64::MAX);
            let more: Vec<u64> = more.into_iter().collect();
            write_growing(&more, &mut bytes);
            let mut input = &bytes[..];
            prop_assert_eq!(read(&mut input).unwrap(), n >> shift);
            prop_assert_eq!(read_growing(more.len(), u64::MAX, &mut input).unwrap(), more);
            prop_assert!(input.is_empty());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40), n in 0usize..50) {
            let _ = read(&mut &bytes[..]);
            let _ = read_growing(n, 1 << 20, &mut &bytes[..]);
        }
    }
}
