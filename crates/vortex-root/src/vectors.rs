//! Entries with their own headers: `std::vector`, text and arrays behind pointers.

use crate::column::Chunk;
use crate::cursor::Cursor;
use crate::error::{Fault, Outcome};

const BYTE_COUNT: u32 = 0x4000_0000;
const MEMBER_WISE: i16 = 0x4000;

/// Extracts the items of `std::vector`s. An entry is a byte count, a version, a number of items
/// and the items; items that are vectors are a number of items and the items.
pub(crate) fn strip(
    data: &[u8],
    ends: &[usize],
    item_bytes: usize,
    payload: &mut Vec<u8>,
    chunk: &mut Chunk,
) -> Outcome<()> {
    let Chunk { counts, inner_counts, .. } = chunk;
    each(data, ends, |cursor| {
        let len = cursor.len();
        let (byte_count, version) = (cursor.u32()?, cursor.i16()?);
        // An entry is shorter than a basket, which has less than 2^30 bytes.
        if byte_count != BYTE_COUNT | (len as u32 - 4) || version & MEMBER_WISE != 0 {
            return Err(Fault::corrupt(format!(
                "a vector with byte count {byte_count:#x} and version {version:#x} in {len} bytes"
            )));
        }
        list(cursor, item_bytes, payload, counts, inner_counts)
    })
}

/// A number of items and the items.
fn list(
    cursor: &mut Cursor<'_>,
    item_bytes: usize,
    payload: &mut Vec<u8>,
    counts: &mut Vec<u32>,
    inner_counts: &mut [Vec<u32>],
) -> Outcome<()> {
    let n = cursor.u32()?;
    counts.push(n);
    let Some((counts, inner_counts)) = inner_counts.split_first_mut() else {
        payload.extend_from_slice(cursor.array(n as usize, item_bytes)?);
        return Ok(());
    };
    // Each inner list needs at least four bytes, so a wrong number is found here soon.
    (0..n).try_for_each(|_| list(cursor, item_bytes, payload, counts, inner_counts))
}

/// Extracts the bytes of texts: a length of one byte, or 255 and one of four.
pub(crate) fn strip_lengths(
    data: &[u8],
    ends: &[usize],
    payload: &mut Vec<u8>,
    counts: &mut Vec<u32>,
) -> Outcome<()> {
    each(data, ends, |cursor| {
        let short = cursor.u8()?;
        let n = if short == 255 { cursor.u32()? } else { u32::from(short) };
        payload.extend_from_slice(cursor.take(n as usize)?);
        counts.push(n);
        Ok(())
    })
}

/// Extracts the items of arrays behind pointers: a byte that is 0 for none, and the items.
pub(crate) fn strip_flags(
    data: &[u8],
    ends: &[usize],
    item_bytes: usize,
    payload: &mut Vec<u8>,
    counts: &mut Vec<u32>,
) -> Outcome<()> {
    each(data, ends, |cursor| {
        let present = cursor.u8()? != 0;
        let len = cursor.remaining();
        if len % item_bytes != 0 || (len > 0 && !present) {
            return Err(Fault::corrupt(format!("{len} bytes of items of {item_bytes}")));
        }
        payload.extend_from_slice(cursor.take(len)?);
        // Below the limit for a basket.
        counts.push((len / item_bytes) as u32);
        Ok(())
    })
}

/// Reads each entry, which must end where the next begins.
fn each(
    data: &[u8],
    ends: &[usize],
    mut read: impl FnMut(&mut Cursor<'_>) -> Outcome<()>,
) -> Outcome<()> {
    let mut start = 0;
    for (i, end) in ends.iter().enumerate() {
        let mut cursor = Cursor::new(&data[start..*end]);
        let mut outcome = read(&mut cursor);
        if outcome.is_ok() && cursor.remaining() > 0 {
            outcome = Err(Fault::corrupt(format!("{} bytes too many", cursor.remaining())));
        }
        if let Err(fault) = outcome {
            let message = format!("entry {i} of the basket: {}", fault.message);
            return Err(Fault { message, offset: None, ..fault });
        }
        start = *end;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(body: &[u8]) -> Vec<u8> {
        let mut entry = (BYTE_COUNT | (body.len() as u32 + 2)).to_be_bytes().to_vec();
        entry.extend([0, 9]);
        entry.extend(body);
        entry
    }

    #[test]
    fn vectors_of_vectors() {
        // {{7, 8}, {}} and {}
        let mut data = vector(&[0, 0, 0, 2, 0, 0, 0, 2, 7, 8, 0, 0, 0, 0]);
        let first = data.len();
        data.extend(vector(&[0, 0, 0, 0]));
        let mut chunk = Chunk { inner_counts: vec![vec![]], ..Chunk::default() };
        let mut payload = Vec::new();
        strip(&data, &[first, data.len()], 1, &mut payload, &mut chunk).unwrap();
        assert_eq!((payload, chunk.counts), (vec![7, 8], vec![2, 0]));
        assert_eq!(chunk.inner_counts, [[2, 0]]);
    }

    #[test]
    fn lying_vectors_are_refused() {
        let good = vector(&[0, 0, 0, 2, 7, 8]);
        let strip = |entry: &[u8]| {
            let (mut payload, mut chunk) = (Vec::new(), Chunk::default());
            strip(entry, &[entry.len()], 1, &mut payload, &mut chunk)
        };
        assert!(strip(&good).is_ok());
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            // The version and the values are arbitrary, except for the bit of another order.
            let free = (32..48).contains(&bit) && bit != 38 || bit >= 80;
            assert_eq!(strip(&bad).is_ok(), free, "bit {bit}");
        }
        for len in 0..good.len() {
            assert!(strip(&good[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn texts() {
        let mut data = vec![2, b'a', b'b', 0, 255, 0, 0, 1, 4];
        data.extend([b'x'; 260]);
        let (mut payload, mut counts) = (Vec::new(), Vec::new());
        strip_lengths(&data, &[3, 4, data.len()], &mut payload, &mut counts).unwrap();
        assert_eq!(counts, [2, 0, 260]);
        assert_eq!(payload.len(), 262);
        assert!(strip_lengths(&[3, 1, 2], &[3], &mut payload, &mut counts).is_err());
        assert!(strip_lengths(&[1, 1, 2], &[3], &mut payload, &mut counts).is_err());
    }

    #[test]
    fn arrays_behind_pointers() {
        let (mut payload, mut counts) = (Vec::new(), Vec::new());
        strip_flags(&[1, 5, 6, 7, 8, 0, 1], &[5, 6, 7], 2, &mut payload, &mut counts).unwrap();
        assert_eq!((payload, counts), (vec![5, 6, 7, 8], vec![2, 0, 0]));
        for bad in [&[0, 1, 2][..], &[1, 2], &[]] {
            assert!(strip_flags(bad, &[bad.len()], 2, &mut Vec::new(), &mut Vec::new()).is_err());
        }
    }
}
