//! Any bytes as a Parquet file, and as a file or stream of Arrow: read or refused, and what is read has
//! its stated length.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vortex_fuzz::stated_lengths;
use vortex_sources::formats::arrow::ipc::IpcSource;
use vortex_sources::formats::arrow::parquet::ParquetSource;

// The reader of Parquet panics for some damage. This is caught, so it must not end the run.
fuzz_target!(
    init: { std::panic::set_hook(Box::new(|_| {})) },
    |data: &[u8]| {
        let path = std::env::temp_dir().join(format!("vortex-fuzz-arrow-{}", std::process::id()));
        std::fs::write(&path, data).expect("a temporary file");
        if let Ok(source) = ParquetSource::open(&path) {
            stated_lengths(&source, 64);
        }
        if let Ok(source) = IpcSource::open(&path) {
            stated_lengths(&source, 64);
        }
    }
);
