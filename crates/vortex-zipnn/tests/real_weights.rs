//! Trained weights, where the shared data is at hand.

use std::path::PathBuf;

use safetensors::{Dtype, SafeTensors};
use vortex_zipnn::{DType, compress_tensor, decompress_tensor};

#[test]
fn trained_float32_weights_shrink_by_more_than_15_percent() {
    let root = std::env::var_os("VORTEX_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = root.join("weights/silero_vad_16k.safetensors");
    let Ok(bytes) = std::fs::read(&path) else {
        println!("skipped: {} is not there", path.display());
        return;
    };
    let (mut before, mut after) = (0, 0);
    for (_, tensor) in SafeTensors::deserialize(&bytes).unwrap().tensors() {
        assert_eq!(tensor.dtype(), Dtype::F32);
        let packed = compress_tensor(tensor.data(), DType::F32).unwrap();
        assert_eq!(decompress_tensor(&packed).unwrap(), tensor.data());
        before += tensor.data().len();
        after += packed.len();
    }
    println!("{before} -> {after} bytes");
    assert!(after * 100 < before * 85, "{before} -> {after} bytes");
}
