//! Trained weights, if the shared data is available.

use std::path::PathBuf;

use vortex_zipnn::{Contents, Level, Options, compress, decompress};

#[test]
fn a_trained_float32_model_shrinks_by_28_percent() {
    let root = std::env::var_os("VORTEX_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = root.join("weights/silero_vad_16k.safetensors");
    let Ok(bytes) = std::fs::read(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return;
    };
    for (level, percent) in [(Level::Fast, 15), (Level::Default, 28), (Level::Best, 30)] {
        let mut packed = Vec::new();
        let options = Options { level, ..Options::default() };
        compress(&bytes[..], &mut packed, Contents::Safetensors, None, &options).unwrap();
        let mut back = Vec::new();
        decompress(&packed[..], &mut back, None, 0).unwrap();
        assert!(back == bytes);
        println!("{level:?}: {} -> {} bytes", bytes.len(), packed.len());
        assert!(packed.len() * 100 < bytes.len() * (100 - percent), "{level:?}: {}", packed.len());
    }
}
