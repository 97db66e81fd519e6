//! Any bytes as the manifest of a prepared folder: refused, or written again as the same manifest; and restoring from a
//! folder without its streams writes no file.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use vortex_sources::prepare::{Manifest, restore};

fuzz_target!(|data: &[u8]| {
    let Ok(manifest) = Manifest::parse(Path::new("fuzz"), data) else { return };
    let again = Manifest::parse(Path::new("fuzz"), &manifest.to_bytes()).expect("what was written");
    assert_eq!(again, manifest);
    let folder = std::env::temp_dir().join(format!("vortex-fuzz-manifest-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    if restore(&manifest, &folder, &folder.join("back"), &mut |_| {}).is_ok() {
        // Sources of nothing, or of nothing but empty datasets, need no stream.
        std::fs::remove_dir_all(&folder).expect("a folder of ours");
    }
});
