//! The parallel pass, the stepwise pass and the integer network give the same predictions for the
//! same symbols.
#![allow(clippy::unwrap_used)] // helpers of tests

use burn::backend::{Autodiff, Flex};
use burn::module::AutodiffModule;
use burn::optim::{AdamWConfig, GradientsParams, Optimizer};
use burn::tensor::backend::Backend;
use vortex_coder::layout::RecordLayout;
use vortex_coder::schema::{DType, Field, Schema};
use vortex_infer::{Instructions, IntModel, definition::Lane};
use vortex_model::{
    Architecture, EmbeddingKind, HeadConfig, MemoryConfig, ModelConfig, ProductionModel, QuantSpec,
    RecordSpec,
};

type Train = Autodiff<Flex>;

/// Fields of several widths whose values depend on each other and on the record before.
fn records(n: usize) -> (RecordLayout, Vec<u8>) {
    let fields = vec![
        Field::new("x", DType::F32, 0),
        Field::new("n", DType::U16, 4),
        Field::new("y", DType::F32, 6),
        Field::new("flag", DType::U8, 10),
    ];
    let layout = RecordLayout::new(Schema::new(11, fields).expect("a valid schema"));
    let mut state = 7u64;
    let mut random = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut symbols = Vec::new();
    let mut count = 0u16;
    for _ in 0..n {
        let x = random(1000) as f32 / 8.0;
        count = count.wrapping_add(random(3) as u16);
        let y = if random(4) == 0 { random(1000) as f32 } else { x };
        let mut record = [0; 11];
        record[..4].copy_from_slice(&x.to_le_bytes());
        record[4..6].copy_from_slice(&count.to_le_bytes());
        record[6..10].copy_from_slice(&y.to_le_bytes());
        record[10] = (x > 60.0) as u8 + 2 * (y == x) as u8;
        let mut out = [0; 11];
        layout.to_symbols(None, &record, &mut out);
        symbols.extend(out);
    }
    (layout, symbols)
}

fn small(memory: Option<MemoryConfig>, embedding: EmbeddingKind) -> ModelConfig {
    ModelConfig {
        architecture: Architecture::Optimised,
        d_model: 32,
        n_layers: 2,
        n_heads: 2,
        d_ff: 48,
        window: 8,
        embedding,
        head: HeadConfig { d_model: 24, d_ff: 32 },
        memory,
        ..ModelConfig::default()
    }
}

/// The same sizes as the reference model.
fn reference(memory: Option<MemoryConfig>, embedding: EmbeddingKind) -> ModelConfig {
    ModelConfig { architecture: Architecture::Reference, ..small(memory, embedding) }
}

static GENERATOR: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// A model after a few steps, so that its logits differ.
fn trained(config: &ModelConfig, steps: usize) -> (ProductionModel<Train>, QuantSpec) {
    let (layout, symbols) = records(600);
    let spec = RecordSpec::from_sample(layout, &symbols);
    let device = Default::default();
    let mut model = {
        // The generator is shared by the process, so two tests must not use it at the same time.
        let _alone = GENERATOR.lock();
        Train::seed(&device, 1);
        ProductionModel::<Train>::init(config, &spec, &device).expect("a valid model")
    };
    let mut optimizer = AdamWConfig::new().init();
    let batch = model.batch(&symbols, 4);
    let first = f64::from(model.loss(&batch, None).mean_bits.into_scalar());
    for _ in 0..steps {
        let grads = model.loss(&batch, None).mean_bits.backward();
        let grads = GradientsParams::from_grads(grads, &model);
        model = optimizer.step(1e-2, model, grads);
    }
    let last = f64::from(model.loss(&batch, None).mean_bits.into_scalar());
    assert!(last < first - 0.2, "training went from {first} to {last} bits");
    let quant = model.calibrate(&batch);
    (model, quant)
}

/// Bits of each role over a stream that starts cold.
fn parallel(model: &ProductionModel<Flex>, symbols: &[u8], quant: Option<&QuantSpec>) -> Vec<f64> {
    let cold = [vec![0; model.spec().n_roles()], symbols.to_vec()].concat();
    model.loss(&model.batch(&cold, 1), quant).role_bits
}

fn stepwise(model: &ProductionModel<Flex>, symbols: &[u8], quant: Option<&QuantSpec>) -> Vec<f64> {
    let n_roles = model.spec().n_roles();
    let mut bits = vec![0.0; n_roles];
    let mut stepper = model.stepper(2, quant);
    for (i, &symbol) in symbols.iter().enumerate() {
        bits[i % n_roles] += match stepper.predict() {
            None => 8.0,
            Some(logits) => {
                // The second lane sees other symbols and must not matter.
                let logits = logits.narrow(0, 0, 1).into_data().to_vec::<f32>().expect("floats");
                let sum: f64 = logits.iter().map(|&l| f64::from(l).exp2()).sum();
                sum.log2() - f64::from(logits[usize::from(symbol)])
            }
        };
        stepper.push(&[symbol, symbol ^ 5]);
    }
    bits.iter().map(|b| b / (symbols.len() / n_roles) as f64).collect()
}

fn integer(network: &vortex_infer::Network, layout: &RecordLayout, symbols: &[u8]) -> Vec<f64> {
    let n_roles = layout.roles().len();
    let mut bits = vec![0.0; n_roles];
    let mut lane = Lane::new(network, layout);
    for (i, &symbol) in symbols.iter().enumerate() {
        bits[i % n_roles] += match lane.weights() {
            None => 8.0,
            Some(weights) => {
                let total: f64 = weights.iter().map(|&w| f64::from(w)).sum();
                -((f64::from(weights[usize::from(symbol)]) + 0.5) / total).log2()
            }
        };
        lane.push(symbol);
    }
    bits.iter().map(|b| b / (symbols.len() / n_roles) as f64).collect()
}

fn close(a: &[f64], b: &[f64], tolerance: f64, what: &str) {
    for (r, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() < tolerance, "{what}: role {r} costs {a} and {b} bits");
    }
}

fn memory() -> MemoryConfig {
    MemoryConfig { rate: 2, slots: 6, kernel: 3 }
}

#[test]
fn stepwise_is_parallel() {
    for config in [
        small(None, EmbeddingKind::Typed),
        small(Some(memory()), EmbeddingKind::Tdt),
        reference(Some(memory()), EmbeddingKind::Typed),
    ] {
        let (model, quant) = trained(&config, 25);
        let model = model.valid();
        let (_, symbols) = records(70);
        let both = [parallel(&model, &symbols, None), stepwise(&model, &symbols, None)];
        close(&both[0], &both[1], 1e-3, "float");
        // Rounding turns float noise into steps now and then.
        let quant = Some(&quant);
        let both = [parallel(&model, &symbols, quant), stepwise(&model, &symbols, quant)];
        close(&both[0], &both[1], 2e-2, "rounded");
    }
}

#[test]
fn the_exported_network_is_the_model() {
    for config in [
        small(None, EmbeddingKind::Typed),
        small(Some(memory()), EmbeddingKind::Typed),
        small(None, EmbeddingKind::Tdt),
        reference(Some(memory()), EmbeddingKind::Typed),
        reference(Some(memory()), EmbeddingKind::Standard),
        reference(None, EmbeddingKind::Tdt),
    ] {
        let (model, quant) = trained(&config, 40);
        let model = model.valid();
        let network = model.export(&quant).unwrap();
        let biases = network.linears().any(|m| m.bias.iter().any(|&b| b != 0));
        assert_eq!(biases, config.architecture == Architecture::Reference);
        let (layout, symbols) = records(150);
        let float = parallel(&model, &symbols, None);
        let rounded = parallel(&model, &symbols, Some(&quant));
        let exact = integer(&network, &layout, &symbols);
        let mean = |bits: &[f64]| bits.iter().sum::<f64>() / bits.len() as f64;
        close(&rounded, &exact, 3e-2, "integer against rounded");
        assert!(mean(&exact) < mean(&float) + 0.01, "{} {}", mean(&exact), mean(&float));
        // It passes the check of bounds and a round trip through its file.
        let model = IntModel::new(network, Instructions::Portable).unwrap();
        IntModel::from_bytes(model.bytes(), Instructions::Portable).unwrap();
    }
}

#[test]
fn flat_roles_cost_eight_bits_and_nothing_else_changes() {
    let (model, _) = trained(&small(None, EmbeddingKind::Typed), 5);
    let (_, symbols) = records(40);
    let model = model.valid();
    let before = parallel(&model, &symbols, None);
    let flat: Vec<bool> = (0..model.spec().n_roles()).map(|r| r == 2 || r == 3).collect();
    let after = parallel(&model.with_flat(flat), &symbols, None);
    for (role, (before, after)) in before.iter().zip(&after).enumerate() {
        let want = if role == 2 || role == 3 { 8.0 } else { *before };
        assert!((after - want).abs() < 1e-6);
    }
}

#[test]
fn parameters_survive_by_name() {
    parameters_survive(&small(Some(memory()), EmbeddingKind::Typed));
    parameters_survive(&reference(Some(memory()), EmbeddingKind::Typed));
}

fn parameters_survive(config: &ModelConfig) {
    let (model, _) = trained(config, 3);
    let (_, symbols) = records(30);
    let want = parallel(&model.valid(), &symbols, None);
    let tensors = model.to_tensors();
    let names: std::collections::HashSet<_> = tensors.iter().map(|t| &t.0).collect();
    assert_eq!(names.len(), tensors.len());
    let fresh = || {
        let _alone = GENERATOR.lock();
        ProductionModel::<Train>::init(config, model.spec(), &Default::default()).unwrap()
    };
    let loaded = fresh().load_tensors(tensors.clone()).unwrap();
    close(&parallel(&loaded.valid(), &symbols, None), &want, 1e-9, "loaded");
    let mut missing = tensors.clone();
    let name = missing.remove(3).0;
    let text = fresh().load_tensors(missing).unwrap_err().to_string();
    assert_eq!(text, format!("tensor {name}: is missing"));
    let mut extra = tensors;
    extra.push(("head.nothing".into(), vec![1], vec![0.0]));
    let text = fresh().load_tensors(extra).unwrap_err().to_string();
    assert_eq!(text, "tensor head.nothing: is not of this model");
}
