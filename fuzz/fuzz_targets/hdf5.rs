//! Any bytes as an HDF5 file: read or refused, and what is read has its stated length.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vortex_sources::formats::hdf5::Hdf5Source;
use vortex_fuzz::stated_lengths;

fuzz_target!(|data: &[u8]| {
    let path = std::env::temp_dir().join(format!("vortex-fuzz-hdf5-{}", std::process::id()));
    std::fs::write(&path, data).expect("a temporary file");
    let Ok(source) = Hdf5Source::open(&path) else { return };
    stated_lengths(&source, usize::MAX);
});
