//! Blosc2 (filter 32026): a frame with one chunk, whose blocks may be boxes of several dimensions.

use super::bytes::{Bytes, within};
use super::{Decoded, blosc};

const MAGIC: &[u8] = b"\x9e\xa8b2frame\0";
/// Places of fields in the header of a frame; each follows a byte with its type.
const HEADER_LEN: usize = 11;
const FLAGS: usize = 25;
const STORED: usize = 39;
const TYPE_SIZE: usize = 48;
const META: usize = 87;
/// Most dimensions.
const MAX_RANK: usize = 8;

/// Decodes the chunk of a frame.
pub(super) fn decode(input: &[u8], limit: usize) -> Decoded {
    if !input.starts_with(MAGIC) {
        // Written without a frame.
        return blosc::decode(input, limit);
    }
    let at = |place: usize| Bytes::new(input, place);
    let header = at(HEADER_LEN).u32_be()?;
    let stored = within(at(STORED).u64_be()?, input.len())?;
    if at(FLAGS + 1).u8()? != 0 {
        return Err("a frame in several files".into());
    }
    if header < META || header > input.len() {
        return Err(format!("a header of {header} bytes in a frame of {}", input.len()));
    }
    let boxes = Boxes::read(input, header)?;
    let values = match stored {
        // The index says what the values are.
        0 => special(&input[header..], at(TYPE_SIZE - 18).u64_be()?, limit)?,
        _ => blosc::decode(&input[header..], limit)?,
    };
    match boxes {
        Some(boxes) => boxes.in_order(&values, at(TYPE_SIZE).u32_be()?, limit),
        None => Ok(values),
    }
}

/// The values of a chunk that is not stored: its place in the index says that all are zero.
fn special(index: &[u8], total: u64, limit: usize) -> Decoded {
    let place = blosc::decode(index, 8)?;
    let place = place.try_into().map(i64::from_le_bytes).unwrap_or_default();
    if place >= 0 || place >> 56 & 7 != 1 {
        return Err(format!("a chunk at {place} that is not stored"));
    }
    Ok(vec![0; within(total, limit)?])
}

/// Boxes of elements, stored one after the other.
struct Boxes {
    /// Elements of the chunk and of a box, by dimension.
    chunk: Vec<usize>,
    block: Vec<usize>,
}

impl Boxes {
    /// The boxes of a frame; `None` if it has no dimensions.
    fn read(input: &[u8], header: usize) -> Result<Option<Self>, String> {
        // An array: bytes of the names, the names with their places, and the contents.
        let mut names = Bytes::new(&input[..header], META);
        let (array, _) = (names.take(4)?, names.u8()?);
        let count = names.u16_be()?;
        if array[0] != 0x93 {
            return Ok(None);
        }
        for _ in 0..count {
            let len = usize::from(names.u8()? & 31);
            let name = names.take(len)?;
            names.take(1)?;
            let at = names.u32_be()?;
            if name == b"b2nd" || name == b"caterva" {
                return Self::parse(&mut Bytes::new(&input[..header], at)).map(Some);
            }
        }
        Ok(None)
    }

    /// The text of an entry: a version, the rank, and three arrays of lengths.
    fn parse(bytes: &mut Bytes<'_>) -> Result<Self, String> {
        bytes.take(5 + 2)?;
        let rank = usize::from(bytes.u8()?);
        if rank == 0 || rank > MAX_RANK {
            return Err(format!("{rank} dimensions; 1 to {MAX_RANK} are allowed"));
        }
        let mut lengths = |wide: bool| -> Result<Vec<usize>, String> {
            bytes.take(1)?;
            (0..rank)
                .map(|_| {
                    bytes.take(1)?;
                    match wide {
                        true => within(bytes.u64_be()?, usize::MAX),
                        false => bytes.u32_be(),
                    }
                })
                .collect()
        };
        lengths(true)?;
        let (chunk, block) = (lengths(false)?, lengths(false)?);
        if chunk.contains(&0) || block.contains(&0) {
            return Err(format!("chunks of {chunk:?} in boxes of {block:?}"));
        }
        Ok(Self { chunk, block })
    }

    /// The elements in the order of the chunk.
    fn in_order(&self, values: &[u8], size: usize, limit: usize) -> Decoded {
        let total = self.chunk.iter().try_fold(size, |n, d| n.checked_mul(*d));
        let total = within(total.map_or(u64::MAX, |n| n as u64), limit)?;
        let grid: Vec<usize> = self
            .chunk
            .iter()
            .zip(&self.block)
            .map(|(chunk, block)| chunk.div_ceil(*block))
            .collect();
        let each = self.block.iter().try_fold(size, |n, d| n.checked_mul(*d));
        let due = grid.iter().try_fold(each.unwrap_or(usize::MAX), |n, d| n.checked_mul(*d));
        if size == 0 || due != Some(values.len()) {
            return Err(format!("{} bytes in boxes of {:?}", values.len(), self.block));
        }
        let mut out = vec![0; total];
        let rank = self.chunk.len();
        // Runs along the last dimension: the place of each in the boxes gives its place in the chunk.
        let run = self.block[rank - 1];
        for (number, from) in values.chunks_exact(run * size).enumerate() {
            let (mut rest, mut to, mut stride, mut room) = (number, 0, 1, run);
            let mut inside = vec![0; rank];
            for (place, block) in inside.iter_mut().zip(&self.block).take(rank - 1).rev() {
                *place = rest % block;
                rest /= block;
            }
            let mut within = true;
            for d in (0..rank).rev() {
                let place = rest % grid[d] * self.block[d] + inside[d];
                rest /= grid[d];
                within &= place < self.chunk[d];
                if d == rank - 1 {
                    room = run.min(self.chunk[d].saturating_sub(place));
                }
                to += place * stride;
                stride *= self.chunk[d];
            }
            if within {
                out[to * size..][..room * size].copy_from_slice(&from[..room * size]);
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_become_rows() {
        let boxes = Boxes { chunk: vec![3, 3], block: vec![2, 2] };
        // Boxes at the edges are padded with 9.
        let values = [1, 2, 4, 5, 3, 9, 6, 9, 7, 8, 9, 9, 10, 9, 9, 9];
        assert_eq!(boxes.in_order(&values, 1, 9).unwrap(), [1, 2, 3, 4, 5, 6, 7, 8, 10]);
        assert!(boxes.in_order(&values, 1, 8).is_err());
        assert!(boxes.in_order(&values[1..], 1, 9).is_err());
    }
}
