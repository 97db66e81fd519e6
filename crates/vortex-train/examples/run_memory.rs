//! Memory and time of a few training steps beside the estimate:
//! `run_memory CONFIG kept|layers|balanced [STEPS]`.
//!
//! Trains on synthetic jets with the configuration's model and batch, keeping what the backward pass needs, computing
//! layers again (`batch.gradient_checkpointing`), or with burn's own balanced checkpointing. Linux only.
//! One line: seconds a step, estimate, peak of the resident set, their ratio.

use std::error::Error;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use burn::backend::autodiff::checkpoint::strategy::BalancedCheckpointing;
use burn::backend::{Autodiff, Flex};
use vortex_coder::layout::RecordLayout;
use vortex_data::synthetic::SyntheticJets;
use vortex_data::{RecordFile, RecordSet};
use vortex_model::RecordSpec;
use vortex_train::{CpuBackend, Silent, TrainConfig, memory, train_on};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, mode, rest @ ..] = &arguments[..] else {
        return Err("usage: run_memory CONFIG kept|layers|balanced [STEPS]".into());
    };
    let steps: u64 = rest.first().map_or(Ok(4), |n| n.parse())?;
    let mut config = TrainConfig::read(Path::new(path))?;
    (config.budget.max_steps, config.budget.max_seconds) = (Some(steps), None);
    config.batch.gradient_checkpointing = mode == "layers";
    config.quantise.fraction = 0.0;
    config.validation.max_bytes = 2000;
    let schema = SyntheticJets::schema();
    let mut bytes = Vec::new();
    SyntheticJets::new(1).write(20_000, &mut bytes)?;
    let file = RecordFile::from_bytes("jets", bytes, schema.clone());
    let data = RecordSet::new(schema.clone(), vec![file])?;
    let layout = RecordLayout::new(schema);
    let records = (config.batch.tokens / layout.n_fields()).max(1);
    let estimate = memory::estimate(&config, &RecordSpec::new(layout), records) as f64;

    let dir = std::env::temp_dir().join(format!("run_memory.{}", std::process::id()));
    let cancel = AtomicBool::new(false);
    let device = Default::default();
    let before = memory::resident().ok_or("Linux is needed")? as f64;
    let run = match mode.as_str() {
        "balanced" => train_on::<Autodiff<Flex, BalancedCheckpointing>>,
        _ => train_on::<CpuBackend>,
    };
    let summary = run(&config, &data, &dir, &mut Silent, &cancel, false, &device);
    std::fs::remove_dir_all(&dir)?;
    let peak = memory::peak().ok_or("Linux is needed")? as f64 - before;
    println!(
        "{path} {mode}: {:.2} s a step, estimate {:.3} GiB, peak {:.3} GiB, estimate / peak {:.2}",
        summary?.seconds / steps as f64,
        estimate / (1u64 << 30) as f64,
        peak / (1u64 << 30) as f64,
        estimate / peak,
    );
    Ok(())
}
