//! Any bytes as a safetensors file, and as a file of text, `.gz` or `.tar.gz`: read or refused, and what is read has its
//! stated length.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vortex_sources::formats::bytes;
use vortex_sources::formats::safetensors::SafetensorsSource;
use vortex_fuzz::stated_lengths;

fuzz_target!(|data: &[u8]| {
    let path = std::env::temp_dir().join(format!("vortex-fuzz-bytes-{}", std::process::id()));
    std::fs::write(&path, data).expect("a temporary file");
    if let Ok(source) = SafetensorsSource::open(&path) {
        stated_lengths(&source, 100);
    }
    if let Ok(source) = bytes::open(&path) {
        stated_lengths(source.as_ref(), 100);
    }
});
