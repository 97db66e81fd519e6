//! A PyTorch checkpoint becomes a model that codes, and a run whose training continues.

use super::bench::Bench;

/// Written by PyTorch; see `experiments/pytorch_twin`.
const CHECKPOINT: &[u8] = include_bytes!("../../../vortex-model/assets/prototype/reference_tdt.pt");

const CONFIG: &str = "\
model: {window: 32}
batch: {sequences: 4, tokens: 32}
budget: {max_steps: 20}
optimizer: {learning_rate: 0.01}
validation: {times: 2, max_bytes: 4000}
";

fn floats() -> Vec<u8> {
    (0..5000).flat_map(|i| ((i % 97) as f32 / 8.0).to_le_bytes()).collect()
}

#[test]
fn import_code_and_train_on() {
    let bench = Bench::new();
    bench.write("old.pt", CHECKPOINT);
    bench.write("config.yaml", CONFIG.as_bytes());
    bench.write("data", &floats());
    let import = [
        "import-checkpoint",
        "old.pt",
        "--config",
        "config.yaml",
        "--data",
        "data",
        "--out",
        "run",
    ];
    let text = String::from_utf8(bench.ok(&import).stderr).unwrap();
    for part in ["2 layers of width 8, 2 heads", "memory (16 tensors) is left out", "bits/byte"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let before: f64 = text.split("; ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    bench.ok(&["compress", "-q", "-m", "run/model.vxm", "data"]);
    let back = bench.ok(&["decompress", "-m", "run/model.vxm", "-o", "-", "data.vxc"]).stdout;
    assert!(back == floats());

    // The command that the import prints.
    let train = text.lines().find_map(|l| l.strip_prefix("continue with: vortex ")).unwrap();
    let train = train.replace("FILE", "data");
    bench.ok(&train.split(' ').chain(["-q"]).collect::<Vec<_>>());
    let summary: serde_json::Value =
        serde_json::from_slice(&bench.read("run/summary.json")).unwrap();
    let after = summary["model"]["integer_bits_per_byte"].as_f64().unwrap();
    assert!(after < before - 0.5, "{after} bits/byte after training, {before} before");
    assert_eq!(summary["steps"], 20);

    bench.fails(&import, &["run", "--force"]);
}

#[test]
fn what_cannot_be_imported() {
    let bench = Bench::new();
    bench.write("old.pt", CHECKPOINT);
    bench.write("cut.pt", &CHECKPOINT[..CHECKPOINT.len() / 2]);
    bench.write("data", &floats());
    let import = |file: &'static str, more: &[&'static str], words: &[&str]| {
        let arguments = [&["import-checkpoint", file, "--out", "run"], more].concat();
        bench.fails(&arguments, words);
        assert!(!bench.path("run/last.safetensors").exists());
    };
    import("missing.pt", &[], &["missing.pt"]);
    import("cut.pt", &[], &["cut.pt", "PyTorch"]);
    import("data", &[], &["data", "PyTorch"]);
    // The table of positions ends before the prototype's window of 512.
    import("old.pt", &[], &["old.pt", "pe.pe"]);
    bench.write("three.schema.yaml", b"stride: 3\n");
    import("old.pt", &["--schema", "three.schema.yaml"], &["3", "multiple of 4"]);
}
