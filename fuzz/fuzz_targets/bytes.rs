//! Any bytes as a safetensors file, and as a file of text, `.gz` or `.tar.gz`: read or refused, and what is read has its
//! stated length.
#![no_main]

use std::ops::ControlFlow;

use libfuzzer_sys::fuzz_target;
use vortex_data::sources::Source;
use vortex_data::sources::safetensors::SafetensorsSource;
use vortex_data::sources::text::BytesSource;

fn read(source: &dyn Source) {
    for (number, info) in source.datasets().iter().enumerate().take(100) {
        let mut total = 0u64;
        let streamed = source.stream(number, &mut |piece| {
            total += piece.len() as u64;
            Ok(if total > 1 << 20 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        assert!(streamed.is_err() || total == info.n_bytes() || total > 1 << 20);
    }
}

fuzz_target!(|data: &[u8]| {
    let path = std::env::temp_dir().join(format!("vortex-fuzz-bytes-{}", std::process::id()));
    std::fs::write(&path, data).expect("a temporary file");
    if let Ok(source) = SafetensorsSource::open(&path) {
        read(&source);
    }
    if let Ok(source) = BytesSource::open(&path) {
        read(&source);
    }
});
