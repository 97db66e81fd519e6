//! The input is the unpacked network of a model file with a right checksum: reading it and proving
//! its bounds must give an error or a network that computes, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vortex_infer::file::{ModelFile, SIGNATURE, VERSION};
use vortex_infer::{IntModel, Instructions};

fuzz_target!(|body: &[u8]| {
    let mut bytes = Vec::from(SIGNATURE);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend([0, 0]);
    bytes.extend((body.len() as u64).to_le_bytes());
    bytes.extend([0; 32]);
    bytes.extend(zstd::bulk::compress(body, 1).expect("memory takes it"));
    let checksum = blake3::hash(&bytes);
    bytes.extend(checksum.as_bytes());
    if let Ok(file) = ModelFile::from_bytes(&bytes) {
        // Runs the self-test with whatever the network says, with two sets of instructions.
        if let Ok(whole) = file.network.to_bytes() {
            IntModel::from_bytes(&whole, Instructions::detect()).expect("equal to the definition");
        }
    }
});
