//! Chunks of Blosc (filter 32001) and of Blosc2: blocks, each of one or several streams of a codec.

use super::bytes::{Bytes, within};
use super::{Decoded, blosclz, codecs, shuffle, snappy};

/// Bytes of the header, and of the header of Blosc2.
const HEADER: usize = 16;
const LONG_HEADER: usize = 32;

/// Flags of the header.
const SHUFFLED: u8 = 0x01;
const COPIED: u8 = 0x02;
const BITS_SHUFFLED: u8 = 0x04;
const NOT_SPLIT: u8 = 0x10;

/// Blosc splits only blocks of at least so many elements, of at most so many bytes each.
const MIN_SPLIT: usize = 128;
const MAX_SPLITS: usize = 16;

/// Filters of Blosc2, by number: bytes and bits in planes, differences from the first block, and
/// numbers with fewer digits, which need no work here.
const NONE: u8 = 0;
const BYTES: u8 = 1;
const BITS: u8 = 2;
const DELTA: u8 = 3;
const ROUNDED: u8 = 4;

/// A header.
struct Header {
    flags: u8,
    /// Bytes per element.
    size: usize,
    /// Bytes of all values, and of a block of them.
    total: usize,
    block: usize,
    /// Bytes of the header.
    len: usize,
    codec: u8,
    /// In the order of writing.
    filters: Vec<u8>,
    /// For all values at once: 1 for zeros, 2 for NaN, 3 for one value.
    special: u8,
}

impl Header {
    fn read(input: &[u8], limit: usize) -> Result<Self, String> {
        let mut bytes = Bytes::new(input, 0);
        let (_, _, flags, size) = (bytes.u8()?, bytes.u8()?, bytes.u8()?, bytes.u8()?);
        let total = within(bytes.u32()? as u64, limit)?;
        let (block, stored) = (bytes.u32()?, bytes.u32()?);
        if stored > input.len() {
            return Err(format!("{stored} bytes are stated; the chunk has {}", input.len()));
        }
        if size == 0 || total > 0 && (block == 0 || block > total) {
            return Err(format!("blocks of {block} bytes, elements of {size}, in {total} bytes"));
        }
        let long = flags & (SHUFFLED | BITS_SHUFFLED) == SHUFFLED | BITS_SHUFFLED;
        let (mut codec, mut filters, mut special) = (flags >> 5, Vec::new(), 0);
        if long {
            filters = bytes.take(6)?.to_vec();
            let (other, _) = (bytes.u8()?, bytes.u8()?);
            let last = *bytes.take(LONG_HEADER - 24)?.last().unwrap_or(&0);
            if codec == 7 {
                codec = other;
            }
            if last & 1 > 0 {
                return Err("a dictionary is not read".into());
            }
            special = last >> 4 & 7;
        } else if flags & SHUFFLED > 0 {
            filters.push(BYTES);
        } else if flags & BITS_SHUFFLED > 0 {
            filters.push(BITS);
        }
        let (size, len) = (usize::from(size), if long { LONG_HEADER } else { HEADER });
        Ok(Self { flags, size, total, block, len, codec, filters, special })
    }

    fn is_long(&self) -> bool {
        self.len == LONG_HEADER
    }

    /// Streams of a whole block.
    fn splits(&self) -> usize {
        let usual = self.size <= MAX_SPLITS && self.block / self.size >= MIN_SPLIT;
        let split = self.flags & NOT_SPLIT == 0 && (usual || self.is_long());
        if split { self.size } else { 1 }
    }

    /// All values of a chunk that stores none of its own.
    fn constant(&self, input: &[u8]) -> Decoded {
        let value = match (self.special, self.size) {
            (1, _) => vec![0],
            (2, 4) => f32::NAN.to_le_bytes().to_vec(),
            (2, 8) => f64::NAN.to_le_bytes().to_vec(),
            (3, size) => Bytes::new(input, self.len).take(size)?.to_vec(),
            (other, size) => return Err(format!("special values {other} of {size} bytes")),
        };
        Ok(value.iter().copied().cycle().take(self.total).collect())
    }
}

/// Decodes a chunk.
pub(super) fn decode(input: &[u8], limit: usize) -> Decoded {
    let header = Header::read(input, limit)?;
    if header.special > 0 {
        return header.constant(input);
    }
    if header.flags & COPIED > 0 {
        return Ok(Bytes::new(input, header.len).take(header.total)?.to_vec());
    }
    let blocks = header.total.div_ceil(header.block.max(1));
    let mut starts = Bytes::new(input, header.len);
    let mut out = Vec::new();
    for number in 0..blocks {
        let start = usize::try_from(starts.i32()?).map_err(|_| "a block before the chunk")?;
        let len = header.block.min(header.total - number * header.block);
        let streams = if len == header.block { header.splits() } else { 1 };
        let mut bytes = Bytes::new(input, start);
        let mut block = Vec::new();
        for _ in 0..streams {
            block.extend(stream(&header, &mut bytes, len / streams)?);
        }
        if block.len() != len {
            return Err(format!("a block of {len} bytes in {streams} streams"));
        }
        let block = unfiltered(&header, block, number == 0, &out)?;
        out.extend(block);
    }
    Ok(out)
}

/// One stream of a block, of `len` bytes.
fn stream(header: &Header, bytes: &mut Bytes<'_>, len: usize) -> Decoded {
    let stored = bytes.i32()?;
    if stored <= 0 && header.is_long() {
        // A run of one byte.
        let value = stored.unsigned_abs();
        if value > 255 || value > 0 && bytes.u8()? & 1 == 0 {
            return Err(format!("a run of the byte {value}"));
        }
        return Ok(vec![value as u8; len]);
    }
    let input =
        bytes.take(usize::try_from(stored).map_err(|_| "a stream of less than no bytes")?)?;
    if input.len() == len {
        return Ok(input.to_vec());
    }
    let out = match header.codec {
        0 => blosclz::expand(input, len)?,
        1 => codecs::lz4(input, len)?,
        2 => snappy::expand(input, len)?,
        3 => codecs::zlib(input, len)?,
        4 => codecs::zstd(input, len)?,
        other => return Err(format!("codec {other} is not read")),
    };
    if out.len() != len {
        return Err(format!("a stream of {} bytes; {len} were expected", out.len()));
    }
    Ok(out)
}

/// The values of a block; `before` begins with those of the first block, unless this is the first.
fn unfiltered(header: &Header, block: Vec<u8>, first: bool, before: &[u8]) -> Decoded {
    let mut block = block;
    for filter in header.filters.iter().rev() {
        match *filter {
            NONE | ROUNDED => {}
            BYTES => block = shuffle::bytes(&block, header.size),
            BITS => {
                let elements = block.len() / header.size;
                // Blosc left other blocks as they were; Blosc2 leaves only the last elements.
                if elements.is_multiple_of(8) || header.is_long() {
                    block = shuffle::bits(&block, header.size, elements / 8 * 8);
                }
            }
            DELTA if first => {
                // The first block is different from itself, one word later.
                let word = match header.size {
                    size @ (1 | 2 | 4 | 8) => size,
                    size if size % 8 == 0 => 8,
                    _ => 1,
                };
                for at in word..block.len() {
                    block[at] ^= block[at - word];
                }
            }
            DELTA => {
                for (byte, reference) in block.iter_mut().zip(before) {
                    *byte ^= *reference;
                }
            }
            other => return Err(format!("filter {other} of Blosc2 is not read")),
        }
    }
    Ok(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chunk of `total` bytes in one block that is not compressed.
    fn copied(total: u32) -> Vec<u8> {
        let mut chunk = vec![2, 1, COPIED, 4];
        for n in [total, total, 16 + total] {
            chunk.extend(n.to_le_bytes());
        }
        chunk.extend((0..total).map(|n| n as u8));
        chunk
    }

    #[test]
    fn lengths_are_checked() {
        let chunk = copied(40);
        assert_eq!(decode(&chunk, 40).unwrap(), &chunk[16..]);
        assert!(decode(&chunk, 39).unwrap_err().contains("39 are allowed"));
        for cut in 0..chunk.len() {
            assert!(decode(&chunk[..cut], 40).is_err());
        }
        // No codec runs for blocks that the chunk cannot hold.
        let mut blocks = vec![2, 1, 0, 1];
        for n in [1000u32, 1, 24] {
            blocks.extend(n.to_le_bytes());
        }
        blocks.extend([0xff; 8]);
        assert!(decode(&blocks, 1000).unwrap_err().contains("before the chunk"));
    }
}
