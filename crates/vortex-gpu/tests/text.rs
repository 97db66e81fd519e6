//! The kernel as text for CUDA and HIP compiles without such a device, and has the instructions for inner products of
//! bytes; for CUDA within a limit of registers and without spills, for HIP within a limit of scratch memory. A check whose
//! tools are missing says that it is skipped.
#![cfg(feature = "text")]
#![allow(clippy::unwrap_used)] // helpers of tests

use std::path::{Path, PathBuf};
use std::process::Command;

use vortex_coder::schema::{DType, Field, Schema};
use vortex_gpu::text::Trial;
use vortex_infer::Checked;
use vortex_infer::random::{Sizes, network};

/// Most registers of a thread for NVIDIA: two cubes then fit a multiprocessor.
const MOST_REGISTERS: u32 = 128;

/// Most bytes of scratch memory of a thread for AMD: clang moves some registers there, 112 to 128 bytes as the order of the
/// text varies from run to run.
const MOST_SCRATCH: u32 = 256;

fn checks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("checks")
}

/// The texts of the default small model, with 16 lanes at once.
fn texts() -> Option<(String, String)> {
    let fields = (0..4).map(|i| Field::new(format!("f{i}"), DType::F32, 4 * i)).collect();
    let sizes = Sizes { d_ff: 160, ..Sizes::default() };
    let network = network(Schema::new(16, fields).unwrap(), sizes, 1);
    let texts = Trial::new(&Checked::new(network).unwrap(), 16).texts();
    if texts.is_none() {
        println!("skipped: no Vulkan device to make the text with");
    }
    texts
}

#[test]
fn cuda_text_compiles_within_the_registers_and_without_spills() {
    let Some(wheels) = std::env::var_os("VORTEX_NVIDIA_WHEELS") else {
        println!("skipped: VORTEX_NVIDIA_WHEELS does not name the folder `nvidia` of the wheels");
        return;
    };
    let Some((cuda, _)) = texts() else { return };
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("kernel.cu");
    std::fs::write(&text, cuda).unwrap();
    let mut command = Command::new("python3");
    command.arg(checks().join("nvrtc.py")).arg(wheels).arg(text).args(["sm_75", "sm_80", "sm_90a"]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    println!("architecture, registers, bytes of spills, dp4a:\n{lines}");
    assert_eq!(lines.lines().count(), 3);
    for line in lines.lines() {
        let numbers: Vec<u32> = line.split(' ').skip(1).map(|n| n.parse().unwrap()).collect();
        assert!(numbers[0] <= MOST_REGISTERS && numbers[1] == 0 && numbers[2] >= 16, "{line}");
    }
}

#[test]
fn hip_text_compiles_with_the_instruction_for_four_bytes() {
    let clang = ["clang-19", "clang-18", "clang-17", "clang-16"];
    let found = clang.iter().find(|name| Command::new(name).arg("--version").output().is_ok());
    let Some(clang) = found else {
        println!("skipped: none of {clang:?} is installed");
        return;
    };
    let Some((_, hip)) = texts() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (text, assembly) = (folder.path().join("kernel.hip"), folder.path().join("kernel.s"));
    std::fs::write(&text, hip).unwrap();
    let mut command = Command::new(clang);
    command.args(["-x", "hip", "--cuda-device-only", "--offload-arch=gfx942", "-nogpulib"]);
    command.args(["-nogpuinc", "-fdeclspec", "-std=c++17", "-O3", "-S", "-I"]).arg(checks());
    let output = command.arg(&text).arg("-o").arg(&assembly).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let assembly = std::fs::read_to_string(assembly).unwrap();
    let dots = assembly.lines().filter(|line| line.contains("v_dot4")).count();
    let [registers, spills, scratch] =
        [".vgpr_count:", ".vgpr_spill_count:", ".private_segment_fixed_size:"]
            .map(|name| number(&assembly, name));
    println!(
        "gfx942: {registers} registers, {spills} spilled, {scratch} bytes of scratch, {dots} v_dot4"
    );
    assert!(dots >= 16 && scratch <= MOST_SCRATCH);
}

/// The number behind `name` in the kernel's description.
fn number(assembly: &str, name: &str) -> u32 {
    let line = assembly.lines().find_map(|line| line.trim().strip_prefix(name)).unwrap();
    line.trim().parse().unwrap()
}
