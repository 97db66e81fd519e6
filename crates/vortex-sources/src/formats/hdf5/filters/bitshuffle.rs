//! The Bitshuffle filter (32008): planes of bits, in blocks that LZ4 or Zstandard may have coded.

use super::bytes::{Bytes, within};
use super::{Decoded, codecs, shuffle};

/// Bytes of a block, if none are given.
const BLOCK_BYTES: usize = 8192;
/// Smallest such block, in elements.
const MIN_BLOCK: usize = 128;

/// Decodes a chunk. Client data: two numbers of a version, bytes per element, elements per block
/// (0: the usual), and the codec (0: none, 2: LZ4, 3: Zstandard).
pub(super) fn decode(client: &[u32], input: &[u8], limit: usize) -> Decoded {
    let parameter = |place: usize| client.get(place).map_or(0, |value| *value as usize);
    let (size, codec) = (parameter(2), parameter(4));
    if size == 0 {
        return Err("elements of no bytes".into());
    }
    let mut bytes = Bytes::new(input, 0);
    let (total, block) = match codec {
        0 => (within(input.len() as u64, limit)?, parameter(3)),
        2 | 3 => (within(bytes.u64_be()?, limit)?, bytes.u32_be()? / size),
        other => return Err(format!("codec {other}; 0, 2 and 3 are known")),
    };
    let block = match block {
        0 => (BLOCK_BYTES / size / 8 * 8).max(MIN_BLOCK),
        block => block,
    };
    if block % 8 > 0 || total % size > 0 {
        return Err(format!("{total} bytes in blocks of {block} elements of {size} bytes"));
    }
    // Whole blocks, one of the other multiples of 8, and up to 7 elements as they are.
    let mut elements = total / size;
    let mut out = Vec::new();
    while elements >= 8 {
        let now = block.min(elements / 8 * 8);
        // Below `total`.
        let len = now * size;
        let stored;
        let planes = if codec == 0 {
            bytes.take(len)?
        } else {
            let packed = bytes.u32_be()?;
            let packed = bytes.take(packed)?;
            stored =
                if codec == 2 { codecs::lz4(packed, len)? } else { codecs::zstd(packed, len)? };
            &stored
        };
        if planes.len() != len {
            return Err(format!("a block of {} bytes; {len} were expected", planes.len()));
        }
        out.extend(shuffle::bits(planes, size, now));
        elements -= now;
    }
    out.extend_from_slice(bytes.take(elements * size)?);
    Ok(out)
}
