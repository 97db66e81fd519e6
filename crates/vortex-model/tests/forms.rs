//! Both models with fields and with single bytes as tokens: exported, and used for coding up to the
//! last partial window.
#![allow(clippy::unwrap_used)] // helpers of tests

use burn::backend::Flex;
use burn::tensor::backend::Backend;
use vortex_coder::codec::{decode_records, encode_records};
use vortex_coder::layout::RecordLayout;
use vortex_coder::schema::{DType, Field, Schema};
use vortex_infer::{Instructions, IntModel};
use vortex_model::CHUNK_SIZES;
use vortex_model::estimate::Kernels;
use vortex_model::{
    Architecture, CatWrapper, EmbeddingKind, HeadConfig, MemoryConfig, ModelConfig,
    ProductionModel, RecordSpec,
};

/// Records of a number, a flag and a counter.
fn fields() -> Schema {
    let fields = vec![
        Field::new("x", DType::F32, 0),
        Field::new("flag", DType::U8, 4),
        Field::new("n", DType::U16, 5),
    ];
    Schema::new(7, fields).unwrap()
}

fn bytes(n: usize) -> Vec<u8> {
    let record = |i: usize| {
        let x = (i * i % 97) as f32 / 4.0;
        [&x.to_le_bytes()[..], &[i.is_multiple_of(3) as u8], &(i as u16).to_le_bytes()].concat()
    };
    (0..n).flat_map(record).collect()
}

fn config(architecture: Architecture) -> ModelConfig {
    ModelConfig {
        architecture,
        d_model: 16,
        n_layers: 2,
        n_heads: 2,
        d_ff: 24,
        window: 8,
        embedding: EmbeddingKind::Typed,
        head: HeadConfig { d_model: 16, d_ff: 24 },
        memory: Some(MemoryConfig { rate: 4, slots: 6, kernel: 3 }),
        ..ModelConfig::default()
    }
}

static GENERATOR: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn model(config: &ModelConfig, spec: &RecordSpec) -> ProductionModel<Flex> {
    let device = Default::default();
    let _alone = GENERATOR.lock();
    Flex::seed(&device, 4);
    ProductionModel::init(config, spec, &device).unwrap()
}

#[test]
fn both_models_code_fields_and_bytes_to_the_last_partial_window() {
    for architecture in [Architecture::Optimised, Architecture::Reference] {
        for schema in [fields(), Schema::bytes()] {
            let layout = RecordLayout::new(schema);
            // Segments are 9 tokens (3 records) and 8 tokens (8 records): neither divides the lanes below.
            let data = bytes(101);
            let mut symbols = Vec::new();
            layout.records_to_symbols(&data, &mut symbols);
            let spec = RecordSpec::from_sample(layout.clone(), &symbols);
            let model = model(&config(architecture), &spec);
            let cold = [vec![0; spec.n_roles()], symbols].concat();
            let batch = model.batch(&cold, 1);
            let quant = model.calibrate(&batch);
            let network = model.export(&quant).unwrap();
            let integer = IntModel::new(network, Instructions::detect()).unwrap();

            let payload = encode_records(&mut *integer.predictor(), &layout, &data, 1).unwrap();
            let expected = f64::from(model.loss(&batch, None).mean_bits.into_scalar())
                * data.len() as f64
                / 8.0;
            let ratio = payload.len() as f64 / expected;
            assert!((ratio - 1.0).abs() < 0.02, "{} bytes, not {expected}", payload.len());
            for lanes in [1, 4] {
                let payload =
                    encode_records(&mut *integer.predictor(), &layout, &data, lanes).unwrap();
                let mut back = vec![0; data.len()];
                decode_records(&mut *integer.predictor(), &layout, &payload, lanes, &mut back)
                    .unwrap();
                assert!(back == data, "{architecture:?}, {lanes} lanes");
            }
        }
    }
}

#[test]
fn the_reference_has_the_sizes_and_the_start_of_the_prototype() {
    let sizes = |c: &ModelConfig| (c.d_model, c.n_layers, c.n_heads, c.d_ff, c.window);
    let reference = ModelConfig::reference();
    assert_eq!(sizes(&reference), (512, 8, 8, 2048, 512));
    assert_eq!(reference.memory.as_ref().map(|m| m.rate), Some(4));
    assert_eq!(CHUNK_SIZES, [128, 256, 512]);

    let spec = RecordSpec::new(RecordLayout::new(fields()));
    for (architecture, gate) in [(Architecture::Reference, 0.0), (Architecture::Optimised, -3.0)] {
        let model = model(&config(architecture), &spec);
        assert_eq!(model.layer_norms.is_some(), architecture == Architecture::Reference);
        for layer in &model.layers {
            let gates = layer.attention.memory.as_ref().unwrap().gate.val();
            assert_eq!(gates.into_data().to_vec::<f32>().unwrap(), [gate; 2]);
        }
    }
}

#[test]
fn estimates_for_devices_come_with_their_parts() {
    let spec = RecordSpec::new(RecordLayout::new(fields()));
    let config = config(Architecture::Optimised);
    let model = CatWrapper::new(model(&config, &spec));
    let [one, eight] = [1, 8].map(|batch| model.vram_estimate_gb(batch, 300));
    let parameters = config.parameter_count(&spec) as f64 * 4.0 / (1u64 << 30) as f64;
    assert_eq!(one.optimiser_gb, 3.0 * parameters);
    assert!(one.parameters_gb >= parameters && one.parameters_gb < 3.0 * parameters);
    let total = one.parameters_gb + one.activations_gb + one.optimiser_gb;
    assert_eq!(one.total_gb(), total);
    assert_eq!(eight.optimiser_gb, one.optimiser_gb);
    assert!((eight.activations_gb / one.activations_gb - 8.0).abs() < 1e-9);
    // Fused loops keep fewer intermediate results than tensor operations.
    let loops = config.memory_estimate(&spec, 8, 300, Kernels::Loops);
    assert!(loops.activations_gb < eight.activations_gb);
}
