//! The lengths of texts in pages with the encodings of deltas. The reader of the `parquet` crate makes
//! room for as many as are stated, and copies texts that share their beginning with the one before.

/// Most texts of such a page, of which each has some numbers in memory.
const MAX_TEXTS: u64 = 1 << 24;
/// Most numbers of a block; writers use 128 or 256.
const MAX_BLOCK: u64 = 1 << 20;

/// Checks a page of lengths and bytes (`DELTA_LENGTH_BYTE_ARRAY`), or of texts that share their
/// beginnings (`DELTA_BYTE_ARRAY`), with at most `most` texts. Returns the bytes of all texts.
pub(super) fn check(mut bytes: &[u8], shared: bool, most: u64) -> Result<u64, String> {
    let most = most.min(MAX_TEXTS);
    let beginnings = if shared { numbers(&mut bytes, most)? } else { 0 };
    Ok(beginnings.saturating_add(numbers(&mut bytes, most)?))
}

fn ends() -> String {
    "the lengths of texts end early".into()
}

fn varint(bytes: &mut &[u8]) -> Result<u64, String> {
    let mut value = 0u64;
    for shift in (0..70).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or_else(ends)?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or_default();
        if *byte < 0x80 {
            return Ok(value);
        }
    }
    Err(ends())
}

/// A signed number; the numbers are of 32 bits and wrap around.
fn signed(bytes: &mut &[u8]) -> Result<i32, String> {
    let value = varint(bytes)?;
    Ok(((value >> 1) as i64 ^ -((value & 1) as i64)) as i32)
}

/// Passes over packed numbers, none of which is negative, and returns their sum.
fn numbers(bytes: &mut &[u8], most: u64) -> Result<u64, String> {
    let (block, minis, n) = (varint(bytes)?, varint(bytes)?, varint(bytes)?);
    let mut value = signed(bytes)?;
    if n > most {
        return Err(format!("{n} texts in a page; {most} are possible"));
    }
    if block == 0
        || block > MAX_BLOCK
        || !block.is_multiple_of(128)
        || minis == 0
        || !block.is_multiple_of(minis)
    {
        return Err(format!("blocks of {block} lengths in {minis} parts"));
    }
    let in_mini = (block / minis) as usize;
    if !in_mini.is_multiple_of(32) {
        return Err(format!("parts of {in_mini} lengths"));
    }
    let length = |value: i32| u64::try_from(value).map_err(|_| format!("a text of {value} bytes"));
    let mut left = n as usize;
    let mut sum = 0u64;
    if left > 0 {
        sum = length(value)?;
        left -= 1;
    }
    while left > 0 {
        let least = signed(bytes)?;
        let (widths, rest) = bytes.split_at_checked(minis as usize).ok_or_else(ends)?;
        *bytes = rest;
        for width in widths.iter().take(left.div_ceil(in_mini)) {
            let width = usize::from(*width);
            if width > 32 {
                return Err(format!("lengths of {width} bits"));
            }
            let (packed, rest) = bytes.split_at_checked(in_mini / 8 * width).ok_or_else(ends)?;
            *bytes = rest;
            for number in 0..in_mini.min(left) {
                let delta = least.wrapping_add(bits(packed, number * width, width) as i32);
                value = value.wrapping_add(delta);
                sum = sum.saturating_add(length(value)?);
            }
            left = left.saturating_sub(in_mini);
        }
    }
    Ok(sum)
}

/// `width` bits from a bit on, the lowest first.
fn bits(packed: &[u8], at: usize, width: usize) -> u32 {
    let mut word = [0; 8];
    let bytes = &packed[at / 8..(at + width).div_ceil(8)];
    word[..bytes.len()].copy_from_slice(bytes);
    ((u64::from_le_bytes(word) >> (at % 8)) & ((1 << width) - 1)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_lengths() {
        // 7, then deltas of -2 + 0, 1, 2, 3, ...: blocks of 128 in 4 parts, of 2 bits.
        let mut page = vec![0x80, 1, 4, 5, 14, 3, 2, 0, 0, 0, 0b1110_0100];
        page.extend([0; 7]);
        assert_eq!(check(&page, false, 5), Ok(7 + 5 + 4 + 4 + 5));
        assert!(check(&page, false, 4).unwrap_err().contains("5 texts"));
        assert!(check(&page[..17], false, 5).is_err());
        let twice = [page.clone(), page].concat();
        assert_eq!(check(&twice, true, 5), Ok(50));
        // 2^26 texts of one length in a few bytes.
        assert!(check(&[0x80, 1, 4, 0x80, 0x80, 0x80, 32, 0], false, u64::MAX).is_err());
        assert!(check(&[0x80, 1, 4, 1, 1], false, 5).unwrap_err().contains("a text of -1"));
    }
}
