//! The real memory of training processes: runs compared with their estimates, and data larger than
//! memory.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;

use vortex_coder::layout::RecordLayout;
use vortex_coder::schema::{DType, Field, Schema};
use vortex_data::synthetic::SyntheticJets;
use vortex_data::{RecordFile, RecordSet};
use vortex_model::RecordSpec;
use vortex_train::step::{Sampler, parts};
use vortex_train::{Silent, TrainConfig, memory, train};

// The same allocator as in the command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Environment variable with the task of a separate process.
const TASK: &str = "VORTEX_TEST_MEMORY_OF";

/// Runs the test `name` in a separate process with this task; returns the numbers that it prints
/// after "bytes:".
fn in_a_process(name: &str, task: &str) -> Vec<f64> {
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args([name, "--exact", "--nocapture"])
        .env(TASK, task)
        .output()
        .expect("a process");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let (_, line) = text.split_once("bytes: ").unwrap_or_else(|| panic!("{text}{errors}"));
    let numbers = line.lines().next().unwrap_or_default().split_whitespace();
    numbers.map(|n| n.parse().expect("a number")).collect()
}

/// Does nothing unless it has a task: a few steps of both phases, with checkpoints and the model file.
#[test]
fn short_run() {
    let Some(name) = std::env::var_os(TASK) else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    let mut config = TrainConfig::read(&folder.join(name)).expect("a configuration");
    config.threads = 2;
    (config.budget.max_steps, config.budget.max_seconds) = (Some(4), None);
    (config.quantise.fraction, config.validation.times) = (0.5, 2);
    let schema = SyntheticJets::schema();
    let mut bytes = Vec::new();
    SyntheticJets::new(1).write(15_000, &mut bytes).expect("memory");
    let file = RecordFile::from_bytes("jets", bytes, schema.clone());
    let data = RecordSet::new(schema.clone(), vec![file]).expect("records");
    let layout = RecordLayout::new(schema);
    let records = (config.batch.tokens / layout.n_fields()).max(1);
    let estimate = memory::estimate(&config, &RecordSpec::new(layout), records);
    let dir = tempfile::tempdir().expect("a folder");
    let cancel = AtomicBool::new(false);
    train(&config, &data, dir.path(), &mut Silent, &cancel, false).expect("a run");
    println!("bytes: {estimate} {}", memory::peak().expect("Linux"));
}

#[test]
fn the_estimates_of_the_small_configurations_are_within_a_quarter_of_the_peak() {
    for name in ["cpu_small.yaml", "cpu_medium.yaml"] {
        // The memory of an allocator depends on thread scheduling, so use the median of three runs.
        let mut ratios = [0; 3].map(|_| {
            let bytes = in_a_process("short_run", name);
            bytes[0] / bytes[1]
        });
        ratios.sort_by(f64::total_cmp);
        println!("{name}: estimate over peak {ratios:.2?}");
        assert!((0.75..=1.25).contains(&ratios[1]), "{name}: estimate over peak {ratios:.2?}");
    }
}

/// Does nothing unless it has a task: many windows of a file with a hole of 2 GiB, from two pools of chunks.
#[test]
fn windows_of_a_large_file() {
    if std::env::var_os(TASK).is_none() {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("large.bin");
    std::fs::File::create(&path).and_then(|file| file.set_len(2 << 30)).expect("a sparse file");
    let schema = Schema::new(4, vec![Field::new("x", DType::F32, 0)]).expect("a schema");
    let data = RecordSet::open(schema.clone(), &[&path]).expect("records");
    let layout = RecordLayout::new(schema);
    let config = TrainConfig::from_yaml(
        "sampling: {order: shuffled_chunks, chunk_bytes: 1048576, pool_chunks: 4}",
        "test",
    )
    .expect("a configuration");
    let parts = parts(&data, config.split.ratios().expect("shares")).expect("parts");
    let mut sampler =
        Sampler::new(&data, &layout, &parts, 64, &config.sampling, 1).expect("a sampler");
    // A pool has 16,384 windows.
    for _ in 0..250 {
        let batch = sampler.draw(100, 0.0).expect("windows");
        assert_eq!(batch.symbols.len(), 100 * 65 * 4);
    }
    println!("bytes: {}", memory::peak().expect("Linux"));
}

#[test]
fn a_file_larger_than_memory_may_be_is_streamed() {
    let bytes = in_a_process("windows_of_a_large_file", "yes");
    assert!(bytes[0] < 64e6, "{bytes:?} bytes");
}
