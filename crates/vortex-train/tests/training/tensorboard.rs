//! The event files of a run, read by TensorBoard.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;

use serde_json::Value;
use vortex_train::{Silent, train};

use crate::runs::CancelAt;
use crate::small::{config, data};

/// A Python with TensorBoard: `VORTEX_PYTHON`, or `python3` if it has TensorBoard.
fn python() -> Option<std::ffi::OsString> {
    let python = std::env::var_os("VORTEX_PYTHON").unwrap_or_else(|| "python3".into());
    let found = Command::new(&python).args(["-c", "import tensorboard"]).output();
    found.is_ok_and(|output| output.status.success()).then_some(python)
}

#[test]
fn tensorboard_reads_what_metrics_jsonl_says() {
    let Some(python) = python() else {
        eprintln!("skipped: no Python with TensorBoard (name one in VORTEX_PYTHON)");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let config = config(20);
    let cancel = AtomicBool::new(false);
    let mut observer = CancelAt(12, &cancel);
    train(&config, &data(2000), dir.path(), &mut observer, &cancel, false).unwrap();
    // Simulates a kill a few steps after the last checkpoint.
    let last = dir.path().join("last.safetensors");
    let saved = std::fs::read(&last).unwrap();
    let cancel = AtomicBool::new(false);
    let mut observer = CancelAt(17, &cancel);
    train(&config, &data(2000), dir.path(), &mut observer, &cancel, true).unwrap();
    std::fs::write(&last, saved).unwrap();
    let cancel = AtomicBool::new(false);
    train(&config, &data(2000), dir.path(), &mut Silent, &cancel, true).unwrap();

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/read_events.py");
    let output = Command::new(python).arg(script).arg(dir.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();

    let text = std::fs::read_to_string(dir.path().join("metrics.jsonl")).unwrap();
    let events: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    for (tag, event, field) in [
        ("train/bits_per_byte", "step", "bits_per_byte"),
        ("train/learning_rate", "step", "learning_rate"),
        ("train/gradient_norm", "step", "gradient_norm"),
        ("train/bytes_per_second", "step", "bytes_per_second"),
        ("validation/bits_per_byte", "validation", "bits_per_byte"),
    ] {
        let expected: Vec<Value> = events
            .iter()
            .filter(|e| e["event"] == event)
            .map(|e| {
                let value = e[field].as_f64().unwrap() as f32;
                serde_json::json!([e["step"], f64::from(value)])
            })
            .collect();
        assert!(!expected.is_empty());
        assert_eq!(read["scalars"][tag], Value::Array(expected), "{tag}");
    }
    let configuration = read["texts"]["configuration"].as_str().unwrap();
    assert!(configuration.contains("learning_rate: 0.01"), "{configuration}");
}
