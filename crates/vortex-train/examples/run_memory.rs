//! Memory and time of a whole short run, compared with the estimate:
//! `run_memory CONFIG [kept|layers|balanced [STEPS [section.key=value...]]]`.
//!
//! Trains on synthetic jets with the configuration's model and batch, either keeping all tensors for the backward
//! pass, computing layers again (`batch.gradient_checkpointing`), or with burn's own balanced checkpointing.
//! Linux only. Prints one line: seconds per step, estimate, peak of the process, their ratio. With
//! RUN_MEMORY_TRACE set, the memory at each event of the run goes to standard error.

use std::error::Error;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use burn::backend::autodiff::checkpoint::strategy::BalancedCheckpointing;
use burn::backend::{Autodiff, Flex};
use vortex_coder::layout::RecordLayout;
use vortex_data::synthetic::SyntheticJets;
use vortex_data::{RecordFile, RecordSet};
use vortex_model::RecordSpec;
use vortex_train::{CpuBackend, TrainConfig, TrainEvent, TrainObserver, memory, train_on};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const GIB: f64 = (1u64 << 30) as f64;

/// Prints the memory at each event.
struct Trace(bool);

impl TrainObserver for Trace {
    fn event(&mut self, event: &TrainEvent) {
        if self.0 {
            let gib = |bytes: Option<u64>| bytes.unwrap_or(0) as f64 / GIB;
            let (now, most) = (gib(memory::resident()), gib(memory::peak()));
            eprintln!("{now:.3} GiB, at most {most:.3}: {event}");
        }
    }
}

/// The configuration with one dotted key replaced.
fn with(config: &TrainConfig, key: &str, value: &str) -> Result<TrainConfig, Box<dyn Error>> {
    let mut tree = serde_json::to_value(config)?;
    let path = format!("/{}", key.replace('.', "/"));
    let slot = tree.pointer_mut(&path).ok_or_else(|| format!("no key {key}"))?;
    *slot = serde_json::from_str(value)?;
    Ok(serde_json::from_value(tree)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (keys, words): (Vec<&String>, _) = arguments.iter().partition(|a| a.contains('='));
    let [path, rest @ ..] = &words[..] else {
        return Err("usage: run_memory CONFIG [kept|layers|balanced [STEPS [key=value...]]]".into());
    };
    let mode = rest.first().map_or("kept", |mode| mode.as_str());
    let steps: u64 = rest.get(1).map_or(Ok(4), |n| n.parse())?;
    let mut config = TrainConfig::read(Path::new(path.as_str()))?;
    (config.budget.max_steps, config.budget.max_seconds) = (Some(steps), None);
    config.batch.gradient_checkpointing = mode == "layers";
    config.quantise.fraction = 0.5;
    config.validation.times = 1;
    for (key, value) in keys.iter().filter_map(|a| a.split_once('=')) {
        config = with(&config, key, value)?;
    }
    let schema = SyntheticJets::schema();
    let mut bytes = Vec::new();
    SyntheticJets::new(1).write(4000, &mut bytes)?;
    let file = RecordFile::from_bytes("jets", bytes, schema.clone());
    let data = RecordSet::new(schema.clone(), vec![file])?;
    let layout = RecordLayout::new(schema);
    let records = (config.batch.tokens / layout.n_fields()).max(1);
    let estimate = memory::estimate(&config, &RecordSpec::new(layout), records) as f64;

    let dir = std::env::temp_dir().join(format!("run_memory.{}", std::process::id()));
    let cancel = AtomicBool::new(false);
    let run = match mode {
        "balanced" => train_on::<Autodiff<Flex, BalancedCheckpointing>>,
        _ => train_on::<CpuBackend>,
    };
    let mut trace = Trace(std::env::var_os("RUN_MEMORY_TRACE").is_some());
    let summary = run(&config, &data, &dir, &mut trace, &cancel, false, &[]);
    std::fs::remove_dir_all(&dir)?;
    let peak = memory::peak().ok_or("Linux is needed")? as f64;
    let batch = &config.batch;
    println!(
        "{path} {mode}, {} windows of {} tokens in {} shards: {:.2} s a step, estimate {:.3} GiB, peak {:.3} GiB, \
         estimate / peak {:.2}",
        batch.sequences,
        batch.tokens,
        batch.shards,
        summary?.seconds / steps as f64,
        estimate / GIB,
        peak / GIB,
        estimate / peak,
    );
    Ok(())
}
