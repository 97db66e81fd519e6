//! Chunks, memory and caches: the cost of a stream does not depend on how it is cut.

use burn::backend::{Autodiff, Flex};
use burn::tensor::backend::Backend;
use vortex_coder::layout::RecordLayout;
use vortex_coder::schema::{DType, Field, Schema};
use vortex_model::{
    Architecture, CatWrapper, EmbeddingKind, HeadConfig, MemoryConfig, ModelConfig,
    ProductionModel, RecordSpec,
};

type Train = Autodiff<Flex>;

const ROLES: usize = 4;

fn spec() -> RecordSpec {
    let fields = vec![
        Field::new("a", DType::U16, 0),
        Field::new("b", DType::U8, 2),
        Field::new("c", DType::U8, 3),
    ];
    RecordSpec::new(RecordLayout::new(Schema::new(ROLES, fields).expect("a valid schema")))
}

fn config(architecture: Architecture) -> ModelConfig {
    ModelConfig {
        architecture,
        d_model: 16,
        n_layers: 2,
        n_heads: 2,
        d_ff: 24,
        window: 6,
        embedding: EmbeddingKind::Typed,
        head: HeadConfig { d_model: 12, d_ff: 16 },
        memory: Some(MemoryConfig { rate: 2, slots: 5, kernel: 3 }),
        ..ModelConfig::default()
    }
}

static GENERATOR: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn model(architecture: Architecture) -> ProductionModel<Train> {
    let device = Default::default();
    let _alone = GENERATOR.lock();
    Train::seed(&device, 3);
    ProductionModel::init(&config(architecture), &spec(), &device).expect("a valid model")
}

fn symbols(records: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    (0..records * ROLES).map(|_| next() % 7).collect()
}

fn bits(loss: &vortex_model::LossOutput<Train>) -> f32 {
    loss.mean_bits.clone().into_scalar()
}

#[test]
fn costs_do_not_depend_on_chunks() {
    for architecture in [Architecture::Optimised, Architecture::Reference] {
        let model = model(architecture);
        let symbols = [symbols(24, 1), symbols(24, 2)].concat();
        let whole = model.loss(&model.batch(&symbols, 2), None);
        let wrapped = CatWrapper::new(model);
        // 23 records of 3 tokens: the last chunk is shorter, and segments of 6 tokens straddle chunks.
        for chunk in [3, 6, 15, 60, 1000] {
            let cut = wrapped.loss(&symbols, 2, Some(chunk), None);
            assert!((bits(&whole) - bits(&cut)).abs() < 2e-4, "chunks of {chunk} tokens");
            for (a, b) in whole.role_bits.iter().zip(&cut.role_bits) {
                assert!((a - b).abs() < 1e-3, "chunks of {chunk} tokens: {a} and {b}");
            }
        }
    }
}

#[test]
fn the_past_is_carried_without_its_gradient() {
    let model = model(Architecture::Optimised);
    let symbols = symbols(13, 5);
    let gradient = |loss: vortex_model::LossOutput<Train>| {
        let grads = loss.mean_bits.backward();
        let gate = &model.layers[0].attention.wkv;
        gate.grad(&grads).expect("a gradient").into_data().to_vec::<f32>().expect("floats")
    };
    let wrapped = CatWrapper::new(model.clone());
    let whole = gradient(wrapped.loss(&symbols, 1, Some(1000), None));
    let plain = gradient(model.loss(&model.batch(&symbols, 1), None));
    let cut = gradient(wrapped.loss(&symbols, 1, Some(6), None));
    let difference =
        |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0f32, f32::max);
    assert!(difference(&whole, &plain) < 1e-5);
    assert!(difference(&cut, &plain) > 1e-4);
}

#[test]
fn memory_is_trained_on_consecutive_segments_of_the_same_sequence() {
    let model = model(Architecture::Reference);
    // The windows of both layers together do not reach from the last record to the first.
    let records = 9;
    let (first, second) = (symbols(records, 1), symbols(records, 2));
    let last = |symbols: &[u8], sequences: usize| -> Vec<f32> {
        let mut stepper = model.stepper(sequences, None);
        let per_sequence = symbols.len() / sequences;
        for i in 0..per_sequence {
            stepper.predict();
            let lanes: Vec<u8> = (0..sequences).map(|s| symbols[s * per_sequence + i]).collect();
            stepper.push(&lanes);
        }
        stepper.predict().expect("no flat role").into_data().to_vec::<f32>().expect("floats")
    };
    let both = [first.clone(), second.clone()].concat();
    let before = last(&both, 2);
    let mut changed = both.clone();
    changed[0] = 200;
    let after = last(&changed, 2);
    let moved = |lane: usize| {
        (0..256).any(|v| (before[lane * 256 + v] - after[lane * 256 + v]).abs() > 1e-6)
    };
    assert!(moved(0), "an early symbol reaches beyond the window through the memory");
    assert!(!moved(1), "and never another sequence");
    // The training pass feeds the memory in the same way, and its gradient reaches the scorer.
    let cold = [vec![0; ROLES], first].concat();
    let grads = model.loss(&model.batch(&cold, 1), None).mean_bits.backward();
    let memory = model.layers[0].attention.memory.as_ref().expect("a memory");
    for parameter in [&memory.gate, &memory.eviction.point, &memory.eviction.proj] {
        let size = parameter.grad(&grads).expect("a gradient").abs().sum().into_scalar();
        assert!(size > 0.0);
    }
}

#[test]
fn tdt_follows_the_record() {
    let config = ModelConfig { embedding: EmbeddingKind::Tdt, ..config(Architecture::Optimised) };
    let fields = (0..6u32).map(|i| Field::new(format!("f{i}"), DType::U8, i)).collect();
    let layout = RecordLayout::new(Schema::new(6, fields).expect("a valid schema"));
    let device = Default::default();
    let model = {
        let _alone = GENERATOR.lock();
        ProductionModel::<Train>::init(&config, &RecordSpec::new(layout), &device)
            .expect("a valid model")
    };
    // Records of 6 bytes: byte 6 of the stream is byte 0 of the second record, not 6 modulo 4.
    assert_eq!(model.spec().class, [0, 1, 2, 3, 0, 1]);
}

#[test]
fn parameters_have_the_same_names_with_and_without_the_wrapper() {
    let plain = model(Architecture::Reference);
    let tensors = plain.to_tensors();
    let wrapped = CatWrapper::new(plain.clone());
    let names = |t: &[vortex_model::NamedTensor]| -> Vec<String> {
        t.iter().map(|t| t.0.clone()).collect()
    };
    assert_eq!(names(&wrapped.to_tensors()), names(&tensors));
    let loaded = wrapped.load_tensors(tensors).expect("its own tensors");
    let symbols = symbols(9, 4);
    let both = [loaded.loss(&symbols, 1, None, None), plain.loss(&plain.batch(&symbols, 1), None)];
    assert!((bits(&both[0]) - bits(&both[1])).abs() < 1e-4);
    assert_eq!(names(&loaded.into_inner().to_tensors()), names(&plain.to_tensors()));
}

#[test]
fn training_draws_all_sizes_and_inference_the_largest() {
    let wrapped = CatWrapper::new(model(Architecture::Optimised));
    let drawn: Vec<usize> = (0..6).map(|i| wrapped.sample(i)).collect();
    assert_eq!(drawn, [128, 256, 512, 128, 256, 512]);
    assert_eq!(wrapped.largest(), 512);
    let sizes = CatWrapper::with_sizes(wrapped.into_inner(), &[]).err().map(|e| e.to_string());
    assert_eq!(sizes.as_deref(), Some("the number of chunk sizes is 0: it must be at least 1"));
}
