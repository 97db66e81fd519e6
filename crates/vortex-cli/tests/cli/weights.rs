use super::bench::{Bench, records};

/// Values of a bell shape, moved a little by `step`.
fn values(n: usize, step: u32) -> Vec<f32> {
    let mut state = 0x9e37_79b9u32;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / u32::MAX as f32 - 0.5
    };
    (0..n)
        .map(|_| {
            let weight = uniform() * uniform() * 0.1;
            weight + weight * uniform() * 1e-4 * step as f32
        })
        .collect()
}

fn bytes_of(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// A safetensors file with metadata, spaces, a NaN with a payload and a negative zero.
pub fn checkpoint(step: u32) -> Vec<u8> {
    let mut weights = values(30_000, step);
    weights[7] = f32::from_bits(0xffa1_2345);
    weights[8] = -0.0;
    let mut data = bytes_of(&weights);
    data.extend((0..500u16).flat_map(|i| (0x3f80 + i % 9).to_le_bytes()));
    let header = r#"{ "b":{"dtype":"BF16","shape":[500],"data_offsets":[120000,121000]},
        "__metadata__":{"note":"kept"},
        "a":{"dtype":"F32","shape":[300,100],"data_offsets":[0,120000]} }   "#;
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
}

#[test]
fn there_and_back_at_every_effort_and_number_of_threads() {
    let bench = Bench::new();
    let file = checkpoint(0);
    bench.write("w.safetensors", &file);
    for effort in ["fast", "default", "best"] {
        let arguments = ["compress-weights", "-f", "--effort", effort, "w.safetensors"];
        let message = String::from_utf8(bench.ok(&arguments).stderr).unwrap();
        assert!(message.contains("121,") && message.contains("w.safetensors.vxw"), "{message}");
        let packed = bench.read("w.safetensors.vxw");
        assert!(packed.len() < file.len() * 9 / 10, "{effort}: {}", packed.len());
        for extra in [&["-T1"][..], &["-T3"], &["--no-verify"]] {
            let again = [&arguments[..], extra, &["-q", "-o", "again.vxw"]].concat();
            assert!(bench.ok(&again).stderr.is_empty());
            assert!(bench.read("again.vxw") == packed, "{extra:?} changed the file");
        }
        bench.ok(&["test", "w.safetensors.vxw"]);
        bench.ok(&["decompress-weights", "-q", "-f", "-o", "back", "w.safetensors.vxw"]);
        assert!(bench.read("back") == file);
    }
    let text = bench.ok(&["inspect", "w.safetensors.vxw"]).stdout;
    let text = String::from_utf8(text).unwrap();
    for word in ["compressed weights", "F32", "BF16", "BYTES", "planes", "120,000", "none"] {
        assert!(text.contains(word), "no {word} in:\n{text}");
    }
}

#[test]
fn standard_input_to_standard_output_and_a_folder() {
    let bench = Bench::new();
    let file = checkpoint(0);
    let packed =
        bench.vortex(&["compress-weights", "-"]).write_stdin(file.clone()).assert().success();
    let packed = packed.get_output().clone();
    assert!(packed.stderr.is_empty() && packed.stdout.len() < file.len());
    let back =
        bench.vortex(&["decompress-weights", "-"]).write_stdin(packed.stdout).assert().success();
    assert!(back.get_output().stdout == file);

    bench.write("a.safetensors", &file);
    bench.write("b.safetensors", &checkpoint(1));
    std::fs::create_dir(bench.path("out")).unwrap();
    bench.ok(&["compress-weights", "-q", "-o", "out", "a.safetensors", "b.safetensors"]);
    bench.ok(&["decompress-weights", "-q", "out/a.safetensors.vxw", "out/b.safetensors.vxw"]);
    assert!(bench.read("out/a.safetensors") == file);
    assert!(bench.read("out/b.safetensors") == checkpoint(1));
}

#[test]
fn differences_need_their_base() {
    let bench = Bench::new();
    bench.write("base", &checkpoint(0));
    bench.write("next", &checkpoint(1));
    bench.ok(&["compress-weights", "-q", "-o", "alone.vxw", "next"]);
    bench.ok(&["compress-weights", "-q", "--base", "base", "next"]);
    let (alone, delta) = (bench.read("alone.vxw").len(), bench.read("next.vxw").len());
    assert!(delta * 10 < alone * 8, "{alone} bytes alone, {delta} as difference");
    let decode = ["decompress-weights", "-o", "back", "next.vxw"];
    bench.ok(&[&decode[..], &["-q", "--base", "base"]].concat());
    assert!(bench.read("back") == checkpoint(1));
    bench.ok(&["test", "--base", "base", "next.vxw"]);

    let digest = blake3::hash(&checkpoint(0)).to_hex();
    let again = ["decompress-weights", "-f", "-o", "back", "next.vxw"];
    bench.fails(&again, &["next.vxw", &digest, "--base"]);
    bench.fails(&["test", "next.vxw"], &[&digest, "--base"]);
    for wrong in ["next", "next.vxw", "alone.vxw"] {
        bench.fails(&[&again[..], &["--base", wrong]].concat(), &["next.vxw", &digest, "--base"]);
    }
    bench.fails(&[&again[..], &["--base", "missing"]].concat(), &["missing", "check the name"]);
    let text = String::from_utf8(bench.ok(&["inspect", "next.vxw"]).stdout).unwrap();
    assert!(text.contains(&*digest) && text.contains("difference"), "{text}");
    // A base with other tensors neither helps nor harms; a base that is not a checkpoint is
    // refused.
    bench.write("text", b"hello");
    bench.fails(&["compress-weights", "-f", "--base", "text", "next"], &["base checkpoint"]);
}

#[test]
fn values_without_a_header() {
    let bench = Bench::new();
    let values = bytes_of(&values(20_000, 0));
    bench.write("w.bin", &values[..79_999]);
    bench.fails(&["compress-weights", "w.bin"], &["w.bin", "not a safetensors file", "--dtype"]);
    for dtype in ["f32", "F8_E4M3", "bytes", "i64"] {
        bench.ok(&["compress-weights", "-q", "-f", "--dtype", dtype, "w.bin"]);
        bench.ok(&["decompress-weights", "-q", "-f", "-o", "back", "w.bin.vxw"]);
        assert!(bench.read("back") == values[..79_999], "{dtype}");
    }
    bench.ok(&["compress-weights", "-q", "-f", "--dtype", "f32", "w.bin"]);
    assert!(bench.read("w.bin.vxw").len() < 79_999 * 9 / 10);
    bench.write("empty", b"");
    bench.ok(&["compress-weights", "-q", "--dtype", "bf16", "empty"]);
    bench.ok(&["decompress-weights", "-q", "-f", "empty.vxw"]);
    assert!(bench.read("empty").is_empty());
    for wrong in [
        &["--dtype", "f4"][..],
        &["--effort", "most"],
        &["--chunk-size", "1X"],
        &["--chunk-size", "1KiB"],
    ] {
        let arguments = [&["compress-weights", "w.bin"], wrong].concat();
        bench.vortex(&arguments).assert().code(2);
    }
}

#[test]
fn damage_and_cuts_are_errors_and_leave_nothing() {
    let bench = Bench::new();
    bench.write("w", &checkpoint(0));
    bench.ok(&["compress-weights", "-q", "w"]);
    let whole = bench.read("w.vxw");
    for at in (0..whole.len()).step_by(whole.len() / 25).chain([whole.len() - 1]) {
        bench.write("bad.vxw", &whole[..at]);
        bench.fails(&["decompress-weights", "-o", "back", "bad.vxw"], &["bad.vxw"]);
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        bench.write("bad.vxw", &damaged);
        bench.fails(&["decompress-weights", "-o", "back", "bad.vxw"], &["bad.vxw"]);
        bench.fails(&["test", "bad.vxw"], &["bad.vxw"]);
    }
    let cut = checkpoint(0);
    bench.write("cut", &cut[..cut.len() - 1]);
    bench.fails(&["compress-weights", "cut"], &["cut", "inside the tensors"]);
    if std::path::Path::new("/dev/full").exists() {
        bench.fails(&["compress-weights", "-o", "/dev/full", "w"], &["space"]);
    }
}

#[test]
fn names_existing_outputs_and_the_wrong_command() {
    let bench = Bench::new();
    let file = checkpoint(0);
    bench.write("w", &file);
    bench.write("w.vxw", b"precious");
    bench.fails(&["compress-weights", "w"], &["w.vxw", "exists", "-f"]);
    assert_eq!(bench.read("w.vxw"), b"precious");
    bench.ok(&["compress-weights", "-qf", "w"]);
    bench.fails(&["decompress-weights", "w.vxw"], &["exists", "-f"]);
    bench.fails(&["compress-weights", "-f", "-o", "w", "w"], &["input and output"]);
    bench.fails(&["compress-weights", "w.vxw"], &["-o"]);
    bench.fails(&["decompress-weights", "w"], &["-o"]);
    bench.fails(&["decompress-weights", "-o", "x", "w"], &["not a file of compressed weights"]);
    assert!(bench.read("w") == file);

    bench.fails(&["decompress", "-o", "x", "w.vxw"], &["vortex decompress-weights"]);
    bench.write("data", &records(2400));
    bench.ok(&["compress", "-q", "data"]);
    bench.fails(&["decompress-weights", "data.vxc"], &["vortex decompress"]);
    for command in ["compress-weights", "decompress-weights"] {
        bench.fails(&[command, "missing"], &["missing", "check the name"]);
        bench.vortex(&[command, "-o", "one", "w", "w.vxw"]).assert().code(2);
    }
}
