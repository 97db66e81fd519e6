//! Any bytes as a FITS file: read or refused, and what is read has its stated length.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vortex_fuzz::stated_lengths;
use vortex_sources::formats::fits::{FitsSource, MAGIC};

fuzz_target!(|data: &[u8]| {
    let path = std::env::temp_dir().join(format!("vortex-fuzz-fits-{}", std::process::id()));
    std::fs::write(&path, [MAGIC, data].concat()).expect("a temporary file");
    if let Ok(source) = FitsSource::open(&path) {
        stated_lengths(&source, usize::MAX);
    }
});
