//! The estimate of a training step's memory beside what one really takes:
//! `step_memory loops|tensors optimised|reference D LAYERS HEADS DFF WINDOW SEQUENCES TOKENS MEMORY(0|1)`.
//!
//! Trains two steps with AdamW on random records of 12 float32 and compares the peak of the resident set
//! with what was resident before. Linux only. One line: estimate, peak, their ratio.

use burn::backend::{Autodiff, Flex, NdArray};
use burn::module::AutodiffModule;
use burn::optim::{AdamWConfig, GradientsParams, Optimizer};
use burn::tensor::backend::AutodiffBackend;
use vortex_coder::layout::RecordLayout;
use vortex_coder::schema::{DType, Field, Schema};
use vortex_model::estimate::Kernels;
use vortex_model::{
    Architecture, FusedOps, HeadConfig, MemoryConfig, ModelConfig, ProductionModel, RecordSpec,
};

/// A line of `/proc/self/status`, in GiB.
fn status(key: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = text.lines().find(|l| l.starts_with(key)).expect(key);
    let kib: f64 = line.split_whitespace().nth(1).and_then(|v| v.parse().ok()).expect("a number");
    kib / (1 << 20) as f64
}

fn argument<T: std::str::FromStr>(index: usize, default: T) -> T {
    std::env::args().nth(index).and_then(|a| a.parse().ok()).unwrap_or(default)
}

fn steps<B>(config: &ModelConfig, spec: &RecordSpec, sequences: usize, records: usize)
where
    B: AutodiffBackend + FusedOps,
    B::InnerBackend: FusedOps,
{
    let device = Default::default();
    let mut model = ProductionModel::<B>::init(config, spec, &device).expect("a valid model");
    let mut state = 1u64;
    let symbols: Vec<u8> = (0..sequences * (records + 1) * spec.n_roles())
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .collect();
    let mut optimizer = AdamWConfig::new().init::<B, ProductionModel<B>>();
    for _ in 0..2 {
        let batch = model.batch(&symbols, sequences);
        let loss = model.loss(&batch, None);
        let grads = GradientsParams::from_grads(loss.mean_bits.backward(), &model);
        model = optimizer.step(1e-3, model, grads);
    }
    drop(model.valid());
}

fn main() {
    let kernels = match argument(1, String::from("loops")).as_str() {
        "tensors" => Kernels::Tensors,
        _ => Kernels::Loops,
    };
    let architecture = match argument(2, String::from("optimised")).as_str() {
        "reference" => Architecture::Reference,
        _ => Architecture::Optimised,
    };
    let window = argument(7, 64);
    let config = ModelConfig {
        architecture,
        d_model: argument(3, 256),
        n_layers: argument(4, 4),
        n_heads: argument(5, 4),
        d_ff: argument(6, 1024),
        window,
        head: HeadConfig { d_model: 128, d_ff: 256 },
        memory: (argument(10, 0) > 0)
            .then(|| MemoryConfig { slots: window, ..MemoryConfig::default() }),
        ..ModelConfig::default()
    };
    let (sequences, tokens) = (argument(8, 8), argument(9, 504));
    let fields = (0..12).map(|i| Field::new(format!("f{i}"), DType::F32, i * 4)).collect();
    let layout = RecordLayout::new(Schema::new(48, fields).expect("a valid schema"));
    let spec = RecordSpec::new(layout);
    let estimate = config.memory_estimate(&spec, sequences, tokens, kernels);
    let before = status("VmRSS");
    let records = (tokens / 12).max(1);
    match kernels {
        Kernels::Loops => steps::<Autodiff<Flex>>(&config, &spec, sequences, records),
        Kernels::Tensors => steps::<Autodiff<NdArray>>(&config, &spec, sequences, records),
    }
    let peak = status("VmHWM") - before;
    println!(
        "estimate {:.3} GiB (parameters {:.3}, activations {:.3}, optimiser {:.3}), peak {peak:.3} GiB, \
         estimate / peak {:.2}",
        estimate.total_gb(),
        estimate.parameters_gb,
        estimate.activations_gb,
        estimate.optimiser_gb,
        estimate.total_gb() / peak
    );
}
