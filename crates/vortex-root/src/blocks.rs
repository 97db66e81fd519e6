//! Compressed objects and baskets: a chain of blocks of at most 16 MiB, each with its own header.
//!
//! A header is nine bytes: two letters for the algorithm, its version, and the sizes of the block
//! before and after compression, three little-endian bytes each. `L4` blocks begin with the
//! 64-bit xxHash of what follows, big-endian. Described in ROOT's `core/zip` and in uproot's
//! documentation.

use liblzma::stream::{Action, Status, Stream};

use crate::error::{Fault, Outcome};
use crate::limits::MAX_XZ_MEMORY;

const HEADER: usize = 9;

/// Decoders, which are created for the first block that needs them and reused.
#[derive(Default)]
pub(crate) struct Decompressor {
    zlib: Option<flate2::Decompress>,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

impl std::fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Decompressor")
    }
}

impl Decompressor {
    /// Replaces `out` with the `len` bytes that `blocks` hold. `out` grows block by block, so that
    /// a wrong length does not cause a large allocation.
    pub(crate) fn all(&mut self, mut blocks: &[u8], len: usize, out: &mut Vec<u8>) -> Outcome<()> {
        // Old bytes are overwritten.
        let mut filled = 0;
        let whole = blocks.len();
        while filled < len {
            let at = (whole - blocks.len()) as u64;
            let Some((header, rest)) = blocks.split_at_checked(HEADER) else {
                let message = format!("{len} bytes claimed, but the blocks hold {filled}");
                return Err(Fault::corrupt(message).at(at));
            };
            let n_compressed = size(&header[3..6]);
            let n = size(&header[6..9]);
            if n == 0 || n > len - filled {
                let left = len - filled;
                let message = format!("a block claims {n} bytes where {left} are left");
                return Err(Fault::corrupt(message).at(at));
            }
            let Some((block, rest)) = rest.split_at_checked(n_compressed) else {
                let message =
                    format!("a block claims {n_compressed} compressed bytes of {}", rest.len());
                return Err(Fault::corrupt(message).at(at));
            };
            let start = filled;
            filled += n;
            if filled > out.len() {
                out.resize(filled, 0);
            }
            self.block(header, block, &mut out[start..filled]).map_err(|fault| fault.at(at))?;
            blocks = rest;
        }
        out.truncate(len);
        if !blocks.is_empty() {
            let message = format!("{} bytes after the last block", blocks.len());
            return Err(Fault::corrupt(message));
        }
        Ok(())
    }

    fn block(&mut self, header: &[u8], block: &[u8], out: &mut [u8]) -> Outcome<()> {
        match &header[..2] {
            b"ZL" => self.zlib(block, out),
            b"ZS" => self.zstd(block, out),
            b"XZ" => xz(block, out),
            b"L4" => lz4(block, out),
            b"CS" => Err(Fault::unsupported(
                "compressed with ROOT's algorithm of before 2002 (CS); rewrite the file with hadd",
            )),
            other => {
                let letters = String::from_utf8_lossy(other).into_owned();
                Err(Fault::corrupt(format!(
                    "{letters:?} is not a known compression (ZL, XZ, L4, ZS)"
                )))
            }
        }
    }

    fn zlib(&mut self, block: &[u8], out: &mut [u8]) -> Outcome<()> {
        let zlib = self.zlib.get_or_insert_with(|| flate2::Decompress::new(true));
        zlib.reset(true);
        let status = zlib.decompress(block, out, flate2::FlushDecompress::Finish);
        let status = status.map_err(|e| Fault::corrupt(format!("zlib: {e}")))?;
        check_end("zlib", status == flate2::Status::StreamEnd, zlib.total_out(), out.len())
    }

    fn zstd(&mut self, block: &[u8], out: &mut [u8]) -> Outcome<()> {
        let len = out.len();
        let zstd = match &mut self.zstd {
            Some(zstd) => zstd,
            None => self.zstd.insert(zstd::bulk::Decompressor::new()?),
        };
        let n = zstd.decompress_to_buffer(block, out);
        let n = n.map_err(|e| Fault::corrupt(format!("zstd: {e}")))?;
        check_end("zstd", true, n as u64, len)
    }
}

fn xz(block: &[u8], out: &mut [u8]) -> Outcome<()> {
    let fault = |e: liblzma::stream::Error| Fault::corrupt(format!("xz: {e}"));
    let mut stream = Stream::new_stream_decoder(MAX_XZ_MEMORY, 0).map_err(fault)?;
    let status = stream.process(block, out, Action::Finish).map_err(fault)?;
    check_end("xz", status == Status::StreamEnd, stream.total_out(), out.len())
}

fn lz4(block: &[u8], out: &mut [u8]) -> Outcome<()> {
    let Some((checksum, block)) = block.split_first_chunk() else {
        return Err(Fault::corrupt("an lz4 block without a checksum"));
    };
    let (stored, found) = (u64::from_be_bytes(*checksum), xxhash_rust::xxh64::xxh64(block, 0));
    if stored != found {
        return Err(Fault::corrupt(format!(
            "an lz4 block has checksum {found:016x}, but {stored:016x} is stored"
        )));
    }
    let n = lz4_flex::block::decompress_into(block, out);
    let n = n.map_err(|e| Fault::corrupt(format!("lz4: {e}")))?;
    check_end("lz4", true, n as u64, out.len())
}

/// A block must end exactly where its header says.
fn check_end(algorithm: &str, ended: bool, n: u64, claimed: usize) -> Outcome<()> {
    if n != claimed as u64 {
        let message = format!("{algorithm}: a block holds {n} bytes, its header claims {claimed}");
        return Err(Fault::corrupt(message));
    }
    if !ended {
        return Err(Fault::corrupt(format!(
            "{algorithm}: a block does not end after the {claimed} bytes that its header claims: \
             its end is missing, or it holds more"
        )));
    }
    Ok(())
}

/// Three bytes, the least significant first.
fn size(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |n, byte| n << 8 | usize::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::error::RootErrorKind;

    fn block(algorithm: &[u8; 2], compressed: &[u8], n: usize) -> Vec<u8> {
        let mut block = algorithm.to_vec();
        block.push(1);
        block.extend(&(compressed.len() as u32).to_le_bytes()[..3]);
        block.extend(&(n as u32).to_le_bytes()[..3]);
        block.extend(compressed);
        block
    }

    /// The same bytes in a block of each algorithm.
    fn blocks(bytes: &[u8]) -> [(&'static str, Vec<u8>); 4] {
        let n = bytes.len();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        zlib.write_all(bytes).unwrap();
        let zlib = zlib.finish().unwrap();
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 6);
        xz.write_all(bytes).unwrap();
        let xz = xz.finish().unwrap();
        let compressed = lz4_flex::block::compress(bytes);
        let mut lz4 = xxhash_rust::xxh64::xxh64(&compressed, 0).to_be_bytes().to_vec();
        lz4.extend(compressed);
        let zstd = zstd::bulk::compress(bytes, 3).unwrap();
        [
            ("zlib", block(b"ZL", &zlib, n)),
            ("xz", block(b"XZ", &xz, n)),
            ("lz4", block(b"L4", &lz4, n)),
            ("zstd", block(b"ZS", &zstd, n)),
        ]
    }

    #[test]
    fn all_algorithms_one_after_the_other() {
        let parts: Vec<Vec<u8>> = (1..5u8).map(|i| vec![i; 1000 * usize::from(i)]).collect();
        let (mut stored, mut expected) = (Vec::new(), Vec::<u8>::new());
        for (i, part) in parts.iter().enumerate() {
            stored.extend(&blocks(part)[i].1);
            expected.extend(part);
        }
        let mut decompressor = Decompressor::default();
        let mut out = vec![9; 7];
        for _ in 0..2 {
            decompressor.all(&stored, expected.len(), &mut out).unwrap();
            assert_eq!(out, expected);
        }
        for wrong in [expected.len() - 1, expected.len() + 1] {
            assert!(decompressor.all(&stored, wrong, &mut out).is_err());
        }
    }

    #[test]
    fn damage_is_found_or_harmless() {
        let bytes: Vec<u8> = (0..600u32).flat_map(|i| (i * i).to_be_bytes()).collect();
        for (name, good) in blocks(&bytes) {
            let mut decompressor = Decompressor::default();
            let mut out = Vec::new();
            decompressor.all(&good, bytes.len(), &mut out).unwrap();
            assert_eq!(out, bytes, "{name}");
            for len in 0..good.len() {
                let outcome = decompressor.all(&good[..len], bytes.len(), &mut out);
                assert!(outcome.is_err(), "{name} cut to {len}");
            }
            for bit in 0..good.len() * 8 {
                let mut bad = good.clone();
                bad[bit / 8] ^= 1 << (bit % 8);
                // zlib, xz and lz4 have checksums; ROOT writes zstd without one.
                let outcome = decompressor.all(&bad, bytes.len(), &mut out);
                assert!(
                    outcome.is_err() || out == bytes || name == "zstd",
                    "{name}: wrong bytes after bit {bit}"
                );
            }
        }
    }

    #[test]
    fn a_block_without_its_end_says_so() {
        let bytes = [3; 5000];
        let [(_, zlib), (_, xz), ..] = blocks(&bytes);
        for (name, good, end) in [("zlib", zlib, 4), ("xz", xz, 12)] {
            let short = good.len() - end;
            let mut cut = good[..short].to_vec();
            let stored = (short - HEADER) as u32;
            cut[3..6].copy_from_slice(&stored.to_le_bytes()[..3]);
            let fault = Decompressor::default().all(&cut, bytes.len(), &mut Vec::new());
            let message = fault.unwrap_err().message;
            assert!(message.contains("does not end after the 5000 bytes"), "{name}: {message}");
        }
    }

    #[test]
    fn the_oldest_compression_is_named() {
        let mut out = Vec::new();
        let old = block(b"CS", &[0; 20], 100);
        let fault = Decompressor::default().all(&old, 100, &mut out).unwrap_err();
        assert_eq!(fault.kind, RootErrorKind::Unsupported);
        let unknown = block(b"??", &[0; 20], 100);
        let fault = Decompressor::default().all(&unknown, 100, &mut out).unwrap_err();
        assert_eq!(fault.kind, RootErrorKind::Corrupt);
    }
}
