//! Times training steps, and trains for a while on a file:
//! `step_time [FILE STRIDE [SECONDS [THREADS]]]` (fields: little-endian float32).
//!
//! Prints the time of forward and backward passes, then test bits per byte (last 10 %) during
//! training. It is a tool for choosing shapes; vortex-train does the real training.

use std::time::Instant;

use burn::backend::{Autodiff, Flex};
use burn::grad_clipping::GradientClippingConfig;
use burn::module::{AutodiffModule, Module};
use burn::optim::{AdamWConfig, GradientsAccumulator, GradientsParams, Optimizer};
use vortex_coder::encode_records;
use vortex_coder::layout::RecordLayout;
use vortex_coder::schema::{DType, Field, Schema};
use vortex_infer::{Instructions, IntModel};
use vortex_model::{
    Batch, HeadConfig, MemoryConfig, ModelConfig, ProductionModel, QuantSpec, RecordSpec,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Inner = Flex;
type Train = Autodiff<Inner>;

/// Records of one sequence, and sequences of one thread's part of a step.
struct Shape {
    records: usize,
    sequences: usize,
}

struct Source {
    symbols: Vec<u8>,
    n_roles: usize,
    state: u64,
}

impl Source {
    fn records(&self) -> usize {
        self.symbols.len() / self.n_roles
    }

    fn random(&mut self, below: usize) -> usize {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((self.state >> 33) as usize) % below
    }

    /// Sequences at random places of the first `share` of the records.
    fn sample(&mut self, shape: &Shape, share: f64) -> Vec<u8> {
        let last = (self.records() as f64 * share) as usize - shape.records - 1;
        let mut out = Vec::new();
        for _ in 0..shape.sequences {
            let at = self.random(last) * self.n_roles;
            out.extend_from_slice(&self.symbols[at..][..(shape.records + 1) * self.n_roles]);
        }
        out
    }
}

fn argument<T: std::str::FromStr>(index: usize, default: T) -> T {
    std::env::args().nth(index).and_then(|a| a.parse().ok()).unwrap_or(default)
}

fn env<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|a| a.parse().ok()).unwrap_or(default)
}

fn main() {
    let file: String = argument(1, String::new());
    let stride: usize = argument(2, 48);
    let seconds: f64 = argument(3, 0.0);
    let threads: usize = argument(4, 2);
    let bytes = if file.is_empty() {
        let mut state = 1u64;
        let mut float = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (((state >> 40) as f32 / 16_777_216.0) * 1000.0).round() / 8.0
        };
        (0..240_000).flat_map(|_| float().to_le_bytes()).collect()
    } else {
        std::fs::read(&file).expect("the file can be read")
    };
    let fields = (0..stride as u32 / 4).map(|i| Field::new(format!("f{i}"), DType::F32, i * 4));
    let schema = Schema::new(stride, fields.collect()).expect("a valid schema");
    let layout = RecordLayout::new(schema);
    let n_roles = layout.roles().len();
    let mut symbols = vec![0; bytes.len() / stride * stride];
    for (record, out) in bytes.chunks_exact(stride).zip(symbols.chunks_exact_mut(n_roles)) {
        layout.to_symbols(None, record, out);
    }
    let mut source = Source { symbols, n_roles, state: 1 };
    let n_fields = layout.n_fields();
    let train_part = &source.symbols[..source.records() * 8 / 10 * n_roles];
    let spec = RecordSpec::from_sample(layout, train_part);
    println!("lags {:?}, {} classes", spec.lag, spec.n_classes);

    let config = ModelConfig {
        d_ff: env("DFF", ModelConfig::default().d_ff),
        n_layers: env("LAYERS", 2),
        d_model: env("D", 64),
        n_heads: env("HEADS", 4),
        head: HeadConfig { d_model: env("HD", 64), d_ff: env("HFF", 128) },
        memory: (env("SLOTS", 0) > 0)
            .then(|| MemoryConfig { slots: env("SLOTS", 0), ..MemoryConfig::default() }),
        window: env("WINDOW", 64),
        ..ModelConfig::default()
    };
    let tokens: usize = env("TOKENS", 4096);
    let sequences: usize = env("SEQ", 8);
    let shape = Shape { records: tokens / sequences / n_fields, sequences };
    let device = Default::default();
    let model = ProductionModel::<Train>::init(&config, &spec, &device).expect("a valid model");
    println!("{} parameters, {config:?}", model.num_params());

    let batch = model.batch(&source.sample(&shape, 0.8), shape.sequences);
    for _ in 0..3 {
        let start = Instant::now();
        let batch = model.batch(&source.sample(&shape, 0.8), shape.sequences);
        let listed = start.elapsed();
        let start = Instant::now();
        let loss = model.loss(&batch, None).mean_bits;
        let forward = start.elapsed();
        let grads = loss.backward();
        let all = start.elapsed();
        drop(grads);
        println!(
            "{} tokens: lists {listed:.1?}, forward {forward:.1?}, with backward {all:.1?}: {:.0} tokens/s",
            batch.tokens(),
            batch.tokens() as f64 / all.as_secs_f64()
        );
    }
    let spec_q = model.calibrate(&batch);
    let start = Instant::now();
    model.loss(&batch, Some(&spec_q)).mean_bits.backward();
    println!("quantised: {:.1?}", start.elapsed());
    if seconds > 0.0 {
        train(model, source, &shape, seconds, threads);
    }
}

fn train(
    mut model: ProductionModel<Train>,
    mut source: Source,
    shape: &Shape,
    seconds: f64,
    threads: usize,
) {
    let device = Default::default();
    let peak: f64 = env("LR", 4e-3);
    let mut optimizer = AdamWConfig::new()
        .with_weight_decay(env("WD", 0.01))
        .with_beta_2(env("BETA2", 0.98))
        .with_grad_clipping(Some(GradientClippingConfig::Norm(1.0)))
        .init::<Train, ProductionModel<Train>>();
    let start = Instant::now();
    let (mut step, mut tokens, mut next_report) = (0usize, 0usize, env("REPORT", 10.0));
    let budget: usize = env("BUDGET", 0);
    let mut quant: Option<QuantSpec> = None;
    loop {
        let now = start.elapsed().as_secs_f64();
        // A budget of tokens makes runs comparable on a shared machine.
        let done = if budget > 0 { tokens as f64 / budget as f64 } else { now / seconds };
        if done >= next_report / 100.0 || done >= 1.0 {
            next_report += env("REPORT", 10.0);
            let bits = evaluate(&model, &source, 20_000);
            println!("{now:.0} s, step {step}, {tokens} tokens: test {bits:.4} bits/byte");
        }
        if done >= 1.0 {
            break;
        }
        let lr = peak
            * (step as f64 / env("WARMUP", 30.0)).min(1.0)
            * (0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos())).max(0.02);
        if done > env("QAT", 0.85) && quant.is_none() {
            let symbols = source.sample(&Shape { records: shape.records, sequences: 16 }, 0.8);
            quant = Some(model.calibrate(&model.batch(&symbols, 16)));
        }
        let quant = quant.as_ref();
        let parts: Vec<Vec<u8>> = (0..threads).map(|_| source.sample(shape, 0.8)).collect();
        let grads: Vec<GradientsParams> = std::thread::scope(|scope| {
            let workers: Vec<_> = parts
                .iter()
                .map(|part| {
                    // Use separate leaves, because graphs that share nodes share a lock.
                    let model = model.clone().fork(&device);
                    scope.spawn(move || {
                        let batch = model.batch(part, shape.sequences);
                        let loss = model.loss(&batch, quant).mean_bits / threads as f64;
                        GradientsParams::from_grads(loss.backward(), &model)
                    })
                })
                .collect();
            workers.into_iter().map(|w| w.join().expect("a worker")).collect()
        });
        let mut sum = GradientsAccumulator::new();
        grads.into_iter().for_each(|g| sum.accumulate(&model, g));
        model = optimizer.step(lr, model, sum.grads());
        step += 1;
        tokens += threads * shape.sequences * shape.records * model.spec().n_fields();
    }
    let bits = evaluate(&model, &source, usize::MAX);
    println!("whole test part: {bits:.4} bits/byte after {step} steps, {tokens} tokens");
    let symbols = source.sample(&Shape { records: shape.records, sequences: 16 }, 0.8);
    let quant = quant.unwrap_or_else(|| model.calibrate(&model.batch(&symbols, 16)));
    let test = test_batch(&model, &source, 20_000);
    let model = model.valid();
    let [float, rounded] =
        [None, Some(&quant)].map(|q| model.loss(&test, q).mean_bits.into_scalar());
    println!("float {float:.4}, rounded {rounded:.4} ({:+.3} %)", (rounded / float - 1.0) * 100.0);
    let roles = model.loss(&test, None).role_bits;
    println!("{roles:.2?}");

    let network = model.export(&quant).expect("an exportable model");
    let integer = IntModel::new(network, Instructions::detect()).expect("a model within bounds");
    let layout = &model.spec().layout;
    let first = source.records() * 9 / 10;
    let mut cold = vec![0; source.n_roles];
    let mut bytes = Vec::new();
    for record in source.symbols[first * source.n_roles..].chunks_exact(source.n_roles) {
        cold.extend_from_slice(record);
        let mut out = vec![0; layout.stride()];
        layout.to_record(None, record, &mut out);
        bytes.extend_from_slice(&out);
    }
    let float = f64::from(model.loss(&model.batch(&cold, 1), None).mean_bits.into_scalar());
    let start = Instant::now();
    let mut predictor = integer.predictor();
    let payload = encode_records(&mut *predictor, layout, &bytes, 64).expect("whole records");
    let exact = payload.len() as f64 * 8.0 / bytes.len() as f64;
    println!(
        "test part, {} bytes: float {float:.4}, 64 integer lanes coded {exact:.4} in {:.1?}; model {} bytes",
        bytes.len(),
        start.elapsed(),
        integer.bytes().len()
    );
    let payload =
        encode_records(&mut *integer.predictor(), layout, &bytes, 1).expect("whole records");
    let exact = payload.len() as f64 * 8.0 / bytes.len() as f64;
    println!("one lane: {exact:.4} ({:+.3} % over float)", (exact / float - 1.0) * 100.0);
}

fn test_batch(model: &ProductionModel<Train>, source: &Source, tokens: usize) -> Batch {
    let first = source.records() * 9 / 10;
    let records = (source.records() - first - 1).min(tokens / model.spec().n_fields());
    let symbols = &source.symbols[first * source.n_roles..][..(records + 1) * source.n_roles];
    model.batch(symbols, 1)
}

fn evaluate(model: &ProductionModel<Train>, source: &Source, tokens: usize) -> f64 {
    let batch = test_batch(model, source, tokens);
    f64::from(model.valid().loss(&batch, None).mean_bits.into_scalar())
}
