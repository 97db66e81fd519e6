//! Every kind of damage to a file gives an error when it is read.

use std::io::Cursor;
use std::ops::Range;

use vortex_base::fields::crc32;
use vortex_zipnn::container::constants::*;
use vortex_zipnn::{
    Base, Codec, Contents, DType, ErrorKind, Options, compress, compress_tensor, decompress,
    decompress_tensor, list,
};

use crate::samples::{Noise, f32_bytes};

/// A small file with a chunk of every kind, and its base.
fn small() -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let mut noise = Noise::new(4);
    let weights: Vec<f32> = (0..600).map(|_| noise.weight()).collect();
    let moved: Vec<f32> = weights.iter().map(|w| w * 1.001).collect();
    let repeated: Vec<f32> = (0..2000).map(|i| weights[i % 17]).collect();
    let file = |w: Vec<f32>| {
        let ids: Vec<u8> = (0..500).map(|i| (i % 3) as u8).collect();
        crate::samples::safetensors(
            &[
                ("a", "F32", &[600], f32_bytes(w)),
                ("i", "I8", &[500], ids),
                ("r", "F32", &[100, 20], f32_bytes(repeated.clone())),
            ],
            0,
        )
    };
    let (base, file) = (file(weights), file(moved));
    let mut out = Vec::new();
    let mut from = Base::open(Cursor::new(&base)).unwrap();
    let options = Options { threads: 1, ..Options::default() };
    compress(&file[..], &mut out, Contents::Safetensors, Some(&mut from), &options).unwrap();
    drop(from);
    (out, file, base)
}

fn read(packed: &[u8], base: &[u8]) -> Result<Vec<u8>, ErrorKind> {
    let mut base = Base::open(Cursor::new(base)).unwrap();
    let mut out = Vec::new();
    let streamed = match decompress(packed, &mut out, Some(&mut base), 1) {
        Ok(_) => Ok(out),
        Err(e) => Err(e.kind),
    };
    let mut codec = Codec::new(Options { threads: 1, ..Options::default() }).unwrap();
    let at_once = codec.decompress(packed, Some(&mut base)).map_err(|e| e.kind);
    // The order of checks differs, so the kind of an error may differ too.
    assert_eq!(streamed.as_ref().ok(), at_once.as_ref().ok());
    streamed
}

/// The places of the payloads of all chunks.
fn payloads(packed: &[u8]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut at = HEADER_BYTES;
    while packed[at] == CHUNK_TAG {
        let size = u32::from_le_bytes(packed[at + 8..at + 12].try_into().unwrap());
        let start = at + CHUNK_HEADER_BYTES;
        at = start + size as usize;
        ranges.push(start..at);
    }
    ranges
}

#[test]
fn every_flip_is_an_error() {
    let (packed, file, base) = small();
    assert!(read(&packed, &base).unwrap() == file);
    let payloads = payloads(&packed);
    assert!(payloads.len() >= 3);
    for bit in 0..packed.len() * 8 {
        let mut bad = packed.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let kind = read(&bad, &base).map(drop).expect_err("a flip went unseen");
        let expected = match bit / 8 {
            0..8 => ErrorKind::NotWeights,
            8 => ErrorKind::UnsupportedVersion,
            byte if payloads.iter().any(|range| range.contains(&byte)) => {
                ErrorKind::ChecksumMismatch
            }
            _ => continue,
        };
        assert_eq!(kind, expected, "bit {bit}");
    }
}

#[test]
fn every_truncation_is_an_error() {
    let (packed, _, base) = small();
    for cut in 0..packed.len() {
        let kind = read(&packed[..cut], &base).map(drop).expect_err("a cut went unseen");
        assert_eq!(kind, if cut < 8 { ErrorKind::NotWeights } else { ErrorKind::Truncated });
        assert!(list(Cursor::new(&packed[..cut])).is_err());
    }
    let longer = [&packed[..], b"x"].concat();
    assert_eq!(read(&longer, &base), Err(ErrorKind::TrailingData));
    assert_eq!(list(Cursor::new(&longer)).unwrap_err().kind, ErrorKind::TrailingData);
}

/// The first chunk header with other bytes at `at`, and right checksums.
fn forged(packed: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut bad = packed.to_vec();
    let header = &mut bad[HEADER_BYTES..HEADER_BYTES + CHUNK_HEADER_BYTES];
    header[at..at + bytes.len()].copy_from_slice(bytes);
    let crc = crc32(&header[..32]);
    header[32..].copy_from_slice(&crc.to_le_bytes());
    bad
}

#[test]
fn lies_with_right_checksums_are_errors() {
    let mut noise = Noise::new(4);
    let weights = f32_bytes((0..5000).map(|_| noise.weight()));
    let packed = compress_tensor(&weights, DType::F32).unwrap();
    let kind = |at: usize, bytes: &[u8]| {
        let forged = forged(&packed, at, bytes);
        assert!(decompress_tensor(&forged).is_err());
        decompress(&forged[..], std::io::sink(), None, 1).unwrap_err().kind
    };
    assert_eq!(kind(0, &[0x55]), ErrorKind::ChecksumMismatch);
    for (at, code) in [(1, 16), (2, 3), (3, 3)] {
        assert_eq!(kind(at, &[code]), ErrorKind::UnsupportedVersion);
    }
    for filter in [1, 2] {
        assert_eq!(kind(3, &[filter]), ErrorKind::Corrupt);
    }
    for layout in [0, 2] {
        assert_eq!(kind(2, &[layout]), ErrorKind::Corrupt);
    }
    for dtype in [0, 4, 11, 13] {
        assert_eq!(kind(1, &[dtype]), ErrorKind::Corrupt);
    }
    for original in [0u32, 1, 19_999, 20_001, 1 << 20, (1 << 20) + 1, u32::MAX] {
        assert_eq!(kind(4, &original.to_le_bytes()), ErrorKind::Corrupt, "{original}");
    }
    let size = u32::from_le_bytes(packed[HEADER_BYTES + 8..HEADER_BYTES + 12].try_into().unwrap());
    for (payload, expected) in [
        (0, ErrorKind::ChecksumMismatch),
        (size - 1, ErrorKind::ChecksumMismatch),
        (size + 1, ErrorKind::ChecksumMismatch),
        (20_000, ErrorKind::Truncated),
        (20_001, ErrorKind::Corrupt),
        (u32::MAX, ErrorKind::Corrupt),
    ] {
        assert_eq!(kind(8, &payload.to_le_bytes()), expected, "{payload}");
    }
    assert_eq!(kind(12, &1u32.to_le_bytes()), ErrorKind::Corrupt);
    assert_eq!(kind(16, &1u64.to_le_bytes()), ErrorKind::Corrupt);
    assert_eq!(kind(24, &[1, 2, 3, 4]), ErrorKind::ChecksumMismatch);
    assert_eq!(kind(28, &[1, 2, 3, 4]), ErrorKind::ChecksumMismatch);
}

#[test]
fn payloads_that_lie_end_without_a_panic() {
    let (packed, file, base) = small();
    let listing = list(Cursor::new(&packed)).unwrap();
    let mut at = HEADER_BYTES;
    for chunk in &listing.chunks {
        let payload = at + CHUNK_HEADER_BYTES;
        for bit in 0..chunk.payload_bytes as usize * 8 {
            let mut bad = packed.clone();
            bad[payload + bit / 8] ^= 1 << (bit % 8);
            let end = payload + chunk.payload_bytes as usize;
            let crc = crc32(&bad[payload..end]);
            bad[at + 28..at + 32].copy_from_slice(&crc.to_le_bytes());
            let crc = crc32(&bad[at..at + 32]);
            bad[at + 32..at + 36].copy_from_slice(&crc.to_le_bytes());
            // Some bits of a zstd frame have no effect, but no bit may change the decoded bytes.
            match read(&bad, &base) {
                Ok(out) => assert!(out == file, "bit {bit} of the chunk at byte {at}"),
                Err(kind) => {
                    assert!(matches!(kind, ErrorKind::Corrupt | ErrorKind::ChecksumMismatch))
                }
            }
        }
        at = payload + chunk.payload_bytes as usize;
    }
}

#[test]
fn a_header_that_asks_for_too_much_is_refused() {
    let packed = compress_tensor(&[1; 4000], DType::F32).unwrap();
    let mut bad = packed.clone();
    bad[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    let crc = crc32(&bad[..60]);
    bad[60..64].copy_from_slice(&crc.to_le_bytes());
    assert_eq!(decompress_tensor(&bad).map(drop).unwrap_err().kind, ErrorKind::LimitExceeded);
    bad[12..16].copy_from_slice(&packed[12..16]);
    bad[9] = 2;
    let crc = crc32(&bad[..60]);
    bad[60..64].copy_from_slice(&crc.to_le_bytes());
    assert_eq!(decompress_tensor(&bad).map(drop).unwrap_err().kind, ErrorKind::UnsupportedVersion);
}
