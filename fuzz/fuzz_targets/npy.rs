//! Any bytes as a `.npy` or `.npz` file: read or refused, and what is read has its stated length.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vortex_sources::formats::npy::{NpySource, NpzSource};
use vortex_fuzz::stated_lengths;

fuzz_target!(|data: &[u8]| {
    let path = std::env::temp_dir().join(format!("vortex-fuzz-npy-{}", std::process::id()));
    std::fs::write(&path, data).expect("a temporary file");
    if let Ok(source) = NpySource::open(&path) {
        stated_lengths(&source, usize::MAX);
    }
    if let Ok(source) = NpzSource::open(&path) {
        stated_lengths(&source, usize::MAX);
    }
});
