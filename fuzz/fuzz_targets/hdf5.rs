//! Any bytes as an HDF5 file: read or refused, and what is read has its stated length. And any bytes
//! as a chunk of each filter, within a limit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vortex_sources::formats::hdf5::{Hdf5Source, decode_filter};
use vortex_fuzz::stated_lengths;

/// Most bytes of a decoded chunk.
const LIMIT: usize = 1 << 16;

fuzz_target!(|data: &[u8]| {
    for id in [307, 32000, 32001, 32004, 32008, 32015, 32026] {
        for client in [&[0, 4, 4, 0, 2][..], &[0, 4, 13, 64, 3], &[0, 4, 2, 0, 0]] {
            if let Some(Ok(out)) = decode_filter(id, client, data, LIMIT) {
                assert!(out.len() <= LIMIT);
            }
        }
    }
    let path = std::env::temp_dir().join(format!("vortex-fuzz-hdf5-{}", std::process::id()));
    std::fs::write(&path, data).expect("a temporary file");
    let Ok(source) = Hdf5Source::open(&path) else { return };
    stated_lengths(&source, usize::MAX);
});
