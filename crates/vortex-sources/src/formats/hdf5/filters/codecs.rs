//! Decoders of other crates, with a limit of their output.

use std::io::Read;

use super::Decoded;
use super::bytes::{Bytes, within};

/// Most bytes that one byte of LZ4 stands for.
const LZ4_EXPANSION: usize = 255;

/// One block of LZ4, of exactly `len` bytes when it is decoded.
pub(super) fn lz4(input: &[u8], len: usize) -> Decoded {
    if len > input.len().saturating_mul(LZ4_EXPANSION).saturating_add(64) {
        return Err(format!("states {len} bytes for {} of LZ4", input.len()));
    }
    let mut out = vec![0; len];
    let found = lz4_flex::block::decompress_into(input, &mut out).map_err(|e| e.to_string())?;
    if found != len {
        return Err(format!("{found} bytes of LZ4; {len} were expected"));
    }
    Ok(out)
}

/// A chunk of HDF5's LZ4 filter: its length, the length of its blocks, and each block with its
/// stored length. A block as long as its contents is not compressed.
pub(super) fn lz4_blocks(input: &[u8], limit: usize) -> Decoded {
    let mut input = Bytes::new(input, 0);
    let total = within(input.u64_be()?, limit)?;
    let block = input.u32_be()?;
    let mut out = Vec::new();
    while out.len() < total {
        let len = block.min(total - out.len());
        let stored = input.u32_be()?;
        let bytes = input.take(stored)?;
        if len == 0 {
            return Err("blocks of no bytes".into());
        }
        match stored == len {
            true => out.extend_from_slice(bytes),
            false => out.extend(lz4(bytes, len)?),
        }
    }
    Ok(out)
}

/// A frame of Zstandard.
pub(super) fn zstd(input: &[u8], limit: usize) -> Decoded {
    let decoder = zstd::stream::read::Decoder::with_buffer(input).map_err(|e| e.to_string())?;
    all(decoder, limit)
}

/// A stream of zlib.
pub(super) fn zlib(input: &[u8], limit: usize) -> Decoded {
    all(flate2::read::ZlibDecoder::new(input), limit)
}

/// A stream of bzip2.
pub(super) fn bzip2(input: &[u8], limit: usize) -> Decoded {
    all(bzip2::read::BzDecoder::new(input), limit)
}

fn all(decoder: impl Read, limit: usize) -> Decoded {
    let mut out = Vec::new();
    decoder.take(limit as u64 + 1).read_to_end(&mut out).map_err(|e| e.to_string())?;
    if out.len() > limit {
        return Err(format!("is more than {limit} bytes"));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn outputs_have_a_limit() {
        let zeros = vec![0; 1 << 20];
        let packed = zstd::encode_all(&zeros[..], 1).unwrap();
        assert_eq!(zstd(&packed, 1 << 20).unwrap(), zeros);
        assert!(zstd(&packed, (1 << 20) - 1).unwrap_err().contains("more than"));
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&zeros).unwrap();
        let packed = encoder.finish().unwrap();
        assert_eq!(zlib(&packed, 1 << 20).unwrap(), zeros);
        assert!(zlib(&packed, 1000).is_err());
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(&zeros).unwrap();
        let packed = encoder.finish().unwrap();
        assert_eq!(bzip2(&packed, 1 << 20).unwrap(), zeros);
        assert!(bzip2(&packed, 1000).is_err());
        // A length that no input of this size has takes no memory.
        assert!(lz4(&[0; 10], usize::MAX).unwrap_err().contains("states"));
        let huge = [&u64::MAX.to_be_bytes()[..], &[0; 8]].concat();
        assert!(lz4_blocks(&huge, 1000).unwrap_err().contains("1000 are allowed"));
    }
}
