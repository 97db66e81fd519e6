//! Entries with their own headers: `std::vector`, text and arrays behind pointers.

use crate::chunk::Chunk;
use crate::cursor::Cursor;
use crate::error::{Fault, Outcome};
use crate::fixed_objects::FixedObject;

const BYTE_COUNT: u32 = 0x4000_0000;
const MEMBER_WISE: i16 = 0x4000;

/// How the lists of an entry are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lists {
    /// A byte count and a version come first.
    pub(crate) header: bool,
    /// Objects without their number, up to the end of the entry; what follows is for each of them.
    pub(crate) objects: bool,
    /// Vectors of vectors, each with a number of items before them.
    pub(crate) vectors: usize,
    /// The items are texts: a length of one byte, or 255 and one of four, and as many bytes.
    pub(crate) text: bool,
}

impl Lists {
    /// A text in each entry, and nothing else.
    pub(crate) const TEXT: Self = Self { header: false, objects: false, vectors: 0, text: true };

    /// Lists around a value.
    pub(crate) fn levels(self) -> usize {
        usize::from(self.objects) + self.vectors + usize::from(self.text)
    }
}

/// Extracts the items of all lists.
pub(crate) fn strip(
    data: &[u8],
    ends: &[usize],
    form: Lists,
    item_bytes: usize,
    object: Option<&FixedObject>,
    payload: &mut Vec<u8>,
    chunk: &mut Chunk,
) -> Outcome<()> {
    let Chunk { counts, inner_counts, .. } = chunk;
    let mut counts: Vec<_> = [counts].into_iter().chain(inner_counts).collect();
    each(data, ends, |cursor| {
        if form.header {
            let len = cursor.len();
            let (byte_count, version) = (cursor.u32()?, cursor.i16()?);
            let member_wise = version & MEMBER_WISE != 0;
            // An entry is shorter than a basket, which has less than 2^30 bytes.
            let whole = byte_count == BYTE_COUNT | (len as u32 - 4);
            match object {
                _ if whole && !member_wise => {}
                Some(object) if whole && form.vectors == 1 && !form.objects => {
                    counts[0].push(object.member_wise(cursor, payload)?);
                    return Ok(());
                }
                _ => {
                    return Err(Fault::corrupt(format!(
                        "a vector with byte count {byte_count:#x} and version {version:#x} in \
                         {len} bytes"
                    )));
                }
            }
        }
        if !form.objects {
            return item(cursor, form, item_bytes, payload, &mut counts);
        }
        let mut n = 0;
        // Each has a length, so that this ends.
        while cursor.remaining() > 0 {
            item(cursor, form, item_bytes, payload, &mut counts[1..])?;
            n += 1;
        }
        counts[0].push(n);
        Ok(())
    })
}

/// A list of items with their number before them, a text, or one item.
fn item(
    cursor: &mut Cursor<'_>,
    form: Lists,
    item_bytes: usize,
    payload: &mut Vec<u8>,
    counts: &mut [&mut Vec<u32>],
) -> Outcome<()> {
    let Some((count, counts)) = counts.split_first_mut() else {
        payload.extend_from_slice(cursor.take(item_bytes)?);
        return Ok(());
    };
    if form.text && counts.is_empty() {
        let short = cursor.u8()?;
        let n = if short == 255 { cursor.u32()? } else { u32::from(short) };
        payload.extend_from_slice(cursor.take(n as usize)?);
        count.push(n);
        return Ok(());
    }
    let n = cursor.u32()?;
    count.push(n);
    if counts.is_empty() {
        payload.extend_from_slice(cursor.array(n as usize, item_bytes)?);
        return Ok(());
    }
    // Each inner list needs at least a byte, so a wrong number is found here soon.
    (0..n).try_for_each(|_| item(cursor, form, item_bytes, payload, counts))
}

/// The ends of `n` texts one after the other, for baskets without entry offsets.
pub(crate) fn ends_of_texts(data: &[u8], n: usize, ends: &mut Vec<usize>) -> Outcome<()> {
    let mut cursor = Cursor::new(data);
    for _ in 0..n {
        let short = cursor.u8()?;
        let len = if short == 255 { cursor.u32()? } else { u32::from(short) };
        cursor.skip(len as usize)?;
        ends.push(cursor.pos());
    }
    if cursor.remaining() > 0 {
        return Err(Fault::corrupt(format!("{} bytes after {n} texts", cursor.remaining())));
    }
    Ok(())
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

    fn vectors(vectors: usize) -> Lists {
        Lists { header: true, objects: false, vectors, text: false }
    }

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
        strip(&data, &[first, data.len()], vectors(2), 1, None, &mut payload, &mut chunk).unwrap();
        assert_eq!((payload, chunk.counts), (vec![7, 8], vec![2, 0]));
        assert_eq!(chunk.inner_counts, [[2, 0]]);
    }

    #[test]
    fn lying_vectors_are_refused() {
        let good = vector(&[0, 0, 0, 2, 7, 8]);
        let strip = |entry: &[u8]| {
            let (mut payload, mut chunk) = (Vec::new(), Chunk::default());
            strip(entry, &[entry.len()], vectors(1), 1, None, &mut payload, &mut chunk)
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
        let form = Lists::TEXT;
        let (mut payload, mut chunk) = (Vec::new(), Chunk::default());
        strip(&data, &[3, 4, data.len()], form, 1, None, &mut payload, &mut chunk).unwrap();
        assert_eq!(chunk.counts, [2, 0, 260]);
        assert_eq!(payload.len(), 262);
        for bad in [[3, 1, 2], [1, 1, 2]] {
            assert!(strip(&bad, &[3], form, 1, None, &mut payload, &mut chunk).is_err());
        }
    }

    #[test]
    fn texts_without_entry_offsets() {
        let data = [1, b'a', 0, 2, b'b', b'c'];
        let ends = |data: &[u8], n| {
            let mut ends = Vec::new();
            ends_of_texts(data, n, &mut ends).map(|()| ends)
        };
        assert_eq!(ends(&data, 3).unwrap(), [2, 3, 6]);
        for n in [0, 1, 2, 4, usize::MAX] {
            assert!(ends(&data, n).is_err(), "{n}");
        }
        assert!(ends(&data[..5], 3).is_err());
    }

    #[test]
    fn texts_in_vectors_and_in_objects() {
        // {"ab", ""}, as a vector, and as the texts of two objects.
        let read = |data: &[u8], form: Lists| {
            let inner_counts = vec![vec![]; form.levels() - 1];
            let mut chunk = Chunk { inner_counts, ..Chunk::default() };
            let mut payload = Vec::new();
            strip(data, &[data.len()], form, 1, None, &mut payload, &mut chunk)
                .map(|()| (payload, chunk.counts, chunk.inner_counts))
        };
        let expected = (b"ab".to_vec(), vec![2], vec![vec![2, 0]]);
        let text = Lists { text: true, ..vectors(1) };
        let found = read(&vector(&[0, 0, 0, 2, 2, b'a', b'b', 0]), text).unwrap();
        assert_eq!(found, expected);
        let objects = Lists { objects: true, ..text };
        let of_objects = Lists { vectors: 0, ..objects };
        assert_eq!(read(&vector(&[2, b'a', b'b', 0]), of_objects).unwrap(), expected);
        // One object with that vector, and one with an empty one.
        let found = read(&vector(&[0, 0, 0, 2, 2, b'a', b'b', 0, 0, 0, 0, 0]), objects).unwrap();
        assert_eq!(found, (b"ab".to_vec(), vec![2], vec![vec![2, 0], vec![2, 0]]));
        for lie in
            [&[0, 0, 0, 2, 2, b'a', b'b'][..], &[0, 0, 0, 1, 1, 9, 9], &[255, 255, 255, 255, 0]]
        {
            assert!(read(&vector(lie), text).is_err(), "{lie:?}");
        }
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
