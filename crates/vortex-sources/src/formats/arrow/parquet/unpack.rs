//! Pages that are compressed. Never more comes out than is stated: the reader of the `parquet` crate
//! would take all that there is.

use std::io::Read;

use parquet::basic::Compression;

/// Window of Brotli's input.
const BROTLI_BUFFER_BYTES: usize = 4096;

/// Appends `len` bytes to `out`, which must be all that there is.
pub(super) fn unpack(
    codec: Compression,
    packed: &[u8],
    len: usize,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let before = out.len();
    match codec {
        Compression::UNCOMPRESSED => out.extend_from_slice(packed),
        Compression::SNAPPY => {
            out.resize(before + len, 0);
            let n = snap::raw::Decoder::new().decompress(packed, &mut out[before..]);
            out.truncate(before + n.map_err(damaged)?);
        }
        Compression::GZIP(_) => read(flate2::bufread::MultiGzDecoder::new(packed), len, out)?,
        Compression::BROTLI(_) => {
            read(brotli::Decompressor::new(packed, BROTLI_BUFFER_BYTES), len, out)?;
        }
        Compression::ZSTD(_) => {
            let decoder = zstd::stream::read::Decoder::with_buffer(packed);
            read(decoder.map_err(damaged)?, len, out)?;
        }
        Compression::LZ4_RAW => raw(packed, len, out)?,
        // Three forms are in use.
        Compression::LZ4 => {
            if blocks(packed, len, out).is_err() {
                out.truncate(before);
                if read(lz4_flex::frame::FrameDecoder::new(packed), len, out).is_err() {
                    out.truncate(before);
                    raw(packed, len, out)?;
                }
            }
        }
        Compression::LZO => return Err("compressed with LZO, which is not read".into()),
    }
    match out.len() - before {
        n if n == len => Ok(()),
        n if n > len => Err(format!("more than the {len} bytes that its header states")),
        n => Err(format!("{n} bytes; its header states {len}")),
    }
}

fn damaged(error: impl std::fmt::Display) -> String {
    format!("a damaged page: {error}")
}

fn read(packed: impl Read, len: usize, out: &mut Vec<u8>) -> Result<(), String> {
    // One more, so that there being more is seen.
    packed.take(len as u64 + 1).read_to_end(out).map(|_| ()).map_err(damaged)
}

fn raw(packed: &[u8], len: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let before = out.len();
    out.resize(before + len, 0);
    let n = lz4_flex::block::decompress_into(packed, &mut out[before..]).map_err(damaged)?;
    out.truncate(before + n);
    Ok(())
}

/// The blocks of Hadoop: the length of each, that of its compressed bytes, and these.
fn blocks(mut packed: &[u8], len: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let ends = || "a block of LZ4 ends early".to_owned();
    let mut left = len;
    while !packed.is_empty() {
        let (head, rest) = packed.split_at_checked(8).ok_or_else(ends)?;
        let word = |at: usize| head[at..at + 4].try_into().map(u32::from_be_bytes);
        let (whole, n) = (word(0).unwrap_or_default() as usize, word(4).unwrap_or_default());
        let (block, rest) = rest.split_at_checked(n as usize).ok_or_else(ends)?;
        left = left.checked_sub(whole).ok_or_else(ends)?;
        let before = out.len();
        raw(block, whole, out)?;
        if out.len() - before != whole {
            return Err(ends());
        }
        packed = rest;
    }
    if left == 0 { Ok(()) } else { Err(ends()) }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn no_more_comes_out_than_is_stated() {
        let bytes: Vec<u8> = (0..100_000u32).map(|n| (n / 1000) as u8).collect();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&bytes).unwrap();
        let mut brotli = Vec::new();
        brotli::CompressorWriter::new(&mut brotli, 4096, 1, 22).write_all(&bytes).unwrap();
        let mut frame = lz4_flex::frame::FrameEncoder::new(Vec::new());
        frame.write_all(&bytes).unwrap();
        let raw = lz4_flex::block::compress(&bytes);
        let mut blocks = Vec::new();
        for part in bytes.chunks(70_000) {
            let packed = lz4_flex::block::compress(part);
            blocks.extend((part.len() as u32).to_be_bytes());
            blocks.extend((packed.len() as u32).to_be_bytes());
            blocks.extend(packed);
        }
        let all = [
            (Compression::UNCOMPRESSED, bytes.clone()),
            (Compression::SNAPPY, snap::raw::Encoder::new().compress_vec(&bytes).unwrap()),
            (Compression::GZIP(Default::default()), gzip.finish().unwrap()),
            (Compression::BROTLI(Default::default()), brotli),
            (Compression::ZSTD(Default::default()), zstd::encode_all(&*bytes, 1).unwrap()),
            (Compression::LZ4_RAW, raw.clone()),
            (Compression::LZ4, raw),
            (Compression::LZ4, frame.finish().unwrap()),
            (Compression::LZ4, blocks),
        ];
        for (codec, packed) in all {
            let mut out = vec![7];
            unpack(codec, &packed, bytes.len(), &mut out).unwrap();
            assert_eq!((out[0], &out[1..]), (7, &*bytes), "{codec}");
            for len in [0, 16, bytes.len() - 1, bytes.len() + 1] {
                let mut out = Vec::new();
                assert!(unpack(codec, &packed, len, &mut out).is_err(), "{codec} {len}");
                assert!(codec == Compression::UNCOMPRESSED || out.len() <= len + 1, "{codec}");
            }
        }
    }
}
