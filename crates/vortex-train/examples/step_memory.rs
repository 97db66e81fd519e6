//! The estimate of the memory of a training step, compared with the real memory:
//! `step_memory CONFIG [loops|tensors [SEQUENCES]]`.
//!
//! Makes three steps as the loop does, in as many threads, on random records of the demo's jets,
//! and compares the peak of the resident set with its size before. `tensors` computes the fused
//! operations as tensor operations, as GPUs do. Linux only.

use std::error::Error;
use std::path::Path;

use burn::backend::{Autodiff, NdArray};
use vortex_coder::layout::RecordLayout;
use vortex_data::synthetic::SyntheticJets;
use vortex_model::RecordSpec;
use vortex_model::estimate::Kernels;
use vortex_train::step::AdamW;
use vortex_train::step::Pass;
use vortex_train::step::Rng;
use vortex_train::step::TrainBackend;
use vortex_train::step::WindowBatch;
use vortex_train::step::Workers;
use vortex_train::{CpuBackend, TrainConfig};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A line of `/proc/self/status`, in GiB.
fn status(key: &str) -> Result<f64, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find(|l| l.starts_with(key)).ok_or("no such line")?;
    let kib: f64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(kib / (1 << 20) as f64)
}

fn steps<B: TrainBackend>(config: &TrainConfig, spec: &RecordSpec) -> Result<(), Box<dyn Error>> {
    let (mut workers, mut params) = Workers::<B>::new(config, spec, &[])?;
    let mut adam = AdamW::new(params.len());
    let ranges = workers.map().decay_ranges();
    let mut rng = Rng::new(config.seed);
    let roles = spec.n_roles();
    let records = (config.batch.tokens / spec.n_fields()).max(1);
    let windows = config.batch.sequences;
    for _ in 0..3 {
        let n = windows * (1 + records) * roles;
        let symbols = (0..n).map(|_| rng.next_u64() as u8).collect();
        let batch = WindowBatch { symbols, windows, records, roles };
        let output = workers.gradient(&params, &batch, Pass::plain(config.batch.shards));
        adam.step(&config.optimizer, 1e-3, 1.0, &mut params, &output.gradient, &ranges);
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, rest @ ..] = &arguments[..] else {
        return Err("usage: step_memory CONFIG [loops|tensors [SEQUENCES]]".into());
    };
    let mut config = TrainConfig::read(Path::new(path))?;
    let kernels = match rest.first().map(String::as_str) {
        Some("tensors") => Kernels::Tensors,
        _ => Kernels::Loops,
    };
    if let Some(sequences) = rest.get(1) {
        config.batch.sequences = sequences.parse()?;
    }
    let spec = RecordSpec::new(RecordLayout::new(SyntheticJets::schema()));
    let (sequences, tokens) = (config.batch.sequences, config.batch.tokens);
    let estimate = config.model.memory_estimate(&spec, sequences, tokens, kernels);
    let before = status("VmRSS")?;
    match kernels {
        Kernels::Loops => steps::<CpuBackend>(&config, &spec)?,
        Kernels::Tensors => steps::<Autodiff<NdArray>>(&config, &spec)?,
    }
    let peak = status("VmHWM")? - before;
    println!(
        "{path} x {sequences} {kernels:?}: estimate {:.3} GiB (parameters {:.3}, activations {:.3}, optimiser \
         {:.3}), peak {peak:.3} GiB, estimate / peak {:.2}",
        estimate.total_gb(),
        estimate.parameters_gb,
        estimate.activations_gb,
        estimate.optimiser_gb,
        estimate.total_gb() / peak
    );
    Ok(())
}
