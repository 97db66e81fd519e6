//! Any bytes as a file of weights, and any bytes as the payload of a chunk whose checksums are right:
//! reading ends, without a panic, in memory that the file's own length bounds. Any bytes as weights, with
//! and without a base, come back.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use vortex_zipnn::container::constants::*;
use vortex_zipnn::*;

/// Longest chunk that a forged header asks for.
const CHUNK_BYTES: u32 = 1 << 17;

fn read(file: &[u8], base: &[u8]) {
    let mut base = Base::open(Cursor::new(base)).expect("memory");
    let mut out = Vec::new();
    let listing = list(Cursor::new(file));
    if decompress(file, &mut out, Some(&mut base), 1).is_ok() {
        assert_eq!(listing.expect("a sound file").original_bytes, out.len() as u64);
    }
}

/// A file of one chunk whose fields and payload come from `data`.
fn forge(data: &[u8], base: &[u8]) -> Option<Vec<u8>> {
    let (&[dtype, layout, filter, o0, o1, o2, r0, r1], payload) = data.split_first_chunk::<8>()?;
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(&MAGIC);
    header[8] = VERSION;
    header[12..16].copy_from_slice(&CHUNK_BYTES.to_le_bytes());
    if filter > 0 {
        header[9] = FLAG_BASE;
        header[16..24].copy_from_slice(&(base.len() as u64).to_le_bytes());
        header[24..56].copy_from_slice(blake3::hash(base).as_bytes());
    }
    let mut chunk = [0; CHUNK_HEADER_BYTES];
    chunk[..4].copy_from_slice(&[CHUNK_TAG, dtype % 16, layout % 3, filter % 3]);
    chunk[4..8].copy_from_slice(&[o0, o1, o2 & 1, 0]);
    chunk[8..12].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    chunk[12..14].copy_from_slice(&[r0, r1]);
    chunk[28..32].copy_from_slice(&crc32fast::hash(payload).to_le_bytes());
    for (bytes, at) in [(&mut header[..], 60), (&mut chunk[..], 32)] {
        let crc = crc32fast::hash(&bytes[..at]);
        bytes[at..at + 4].copy_from_slice(&crc.to_le_bytes());
    }
    Some([&header[..], &chunk, payload].concat())
}

fn there_and_back(data: &[u8]) {
    let Some((&[kind, level, cut, other], weights)) = data.split_first_chunk::<4>() else { return };
    let contents = match DType::from_code(kind) {
        Some(dtype) => Contents::Raw(dtype),
        None => Contents::Safetensors,
    };
    let level = [Level::Fast, Level::Default, Level::Best][usize::from(level % 3)];
    let options = Options { level, chunk_bytes: MIN_CHUNK_BYTES, threads: 1 };
    let base: Vec<u8> = weights[usize::from(cut).min(weights.len())..]
        .iter()
        .map(|byte| byte.wrapping_add(other & 3))
        .collect();
    for with_base in [false, true] {
        let open = || with_base.then(|| Base::open(Cursor::new(&base)).expect("memory"));
        let mut packed = Vec::new();
        // Most bytes are no safetensors file, neither as weights nor as their base.
        let Ok(summary) = compress(weights, &mut packed, contents, open().as_mut(), &options) else {
            assert_eq!(contents, Contents::Safetensors);
            continue;
        };
        assert_eq!(summary.file_bytes, packed.len() as u64);
        assert!(packed.len() <= weights.len() + weights.len() / 1000 + 200);
        let mut back = Vec::new();
        decompress(&packed[..], &mut back, open().as_mut(), 1).expect("sound");
        assert_eq!(back, weights);
    }
}

fuzz_target!(|data: &[u8]| {
    let base = &data[data.len() / 2..];
    read(data, base);
    if let Some(file) = forge(data, base) {
        read(&file, base);
    }
    there_and_back(data);
});
