//! Every level equals the definition, to the bit, for random networks, shapes, lanes and inputs.
#![allow(clippy::unwrap_used)] // helpers of tests

use vortex_coder::predictor::{Coding, Model, Predictor};
use vortex_coder::schema::{DType, Field, Schema};
use vortex_coder::{Cdf, RecordLayout, decode_records, encode_records, measure_records};
use vortex_infer::random::{Sizes, network, symbols};
use vortex_infer::spec::MemoryShape;
use vortex_infer::{IntModel, Level};

fn schema(types: &[DType]) -> Schema {
    let mut offset = 0;
    let fields = types.iter().enumerate().map(|(i, &dtype)| {
        let field = Field::new(format!("f{i}"), dtype, offset);
        offset += dtype.size() as u32;
        field
    });
    let fields = fields.collect();
    Schema::new(offset as usize, fields).unwrap()
}

/// Shapes that leave a remainder everywhere: channels, tiles, windows, slots.
fn shapes() -> Vec<(Schema, Sizes)> {
    use DType::*;
    let memory = |rate, slots, kernel| Some(MemoryShape { rate, slots, kernel });
    let small = Sizes { window: 16, d_ff: 40, d_head_ff: 24, ..Sizes::default() };
    vec![
        (schema(&[F32, F32, I16, U8, F64]), Sizes { window: 12, ..Sizes::default() }),
        (schema(&[U8]), Sizes { n_tables: 1, ..small }),
        (schema(&[F32, F32]), Sizes { d_model: 36, n_heads: 3, d_head: 22, n_layers: 1, ..small }),
        (schema(&[F32, I32, Bool]), Sizes { memory: memory(4, 7, 3), ..small }),
        (
            schema(&[F16, U64]),
            Sizes {
                d_model: 6,
                n_heads: 2,
                d_head: 5,
                window: 3,
                memory: memory(2, 40, 1),
                ..small
            },
        ),
        (
            schema(&[F32; 5]),
            Sizes {
                d_model: 128,
                n_heads: 2,
                n_layers: 3,
                d_head: 80,
                window: 33,
                ..Sizes::default()
            },
        ),
        (
            schema(&[F32, U16]),
            Sizes { n_tables: 3, biases: true, memory: memory(3, 9, 2), ..small },
        ),
    ]
}

/// Steps both predictors with the same symbols and compares all frequencies. Lanes end one by one.
fn compare(
    a: &mut dyn Predictor,
    b: &mut dyn Predictor,
    layout: &RecordLayout,
    lanes: usize,
    records: usize,
) {
    let n = layout.roles().len();
    let input: Vec<Vec<u8>> = (0..lanes).map(|l| symbols(layout, records, 77 + l as u64)).collect();
    let (mut x, mut y) = (vec![Cdf::default(); lanes], vec![Cdf::default(); lanes]);
    a.begin(lanes);
    b.begin(lanes);
    for step in 0..records * n {
        let active = lanes.min(1 + (records * n - 1 - step) / n * 2);
        let codings = (a.predict(active, &mut x[..active]), b.predict(active, &mut y[..active]));
        assert_eq!(codings.0, codings.1);
        if codings.0 == Coding::Modelled {
            for lane in 0..active {
                assert!(x[lane].frequencies() == y[lane].frequencies(), "step {step}, lane {lane}");
            }
        }
        let actual: Vec<u8> = input[..active].iter().map(|s| s[step]).collect();
        a.update(&actual);
        b.update(&actual);
    }
}

#[test]
fn every_level_equals_the_definition() {
    for (i, (schema, sizes)) in shapes().into_iter().enumerate() {
        let net = network(schema, sizes, i as u64);
        for level in Level::ALL {
            if !level.is_available() {
                println!("skipped: {} is not available here", level.name());
                continue;
            }
            let model = IntModel::new(net.clone(), level).unwrap();
            for lanes in [1, 2, 9] {
                let records = 60usize.div_ceil(model.layout().n_fields());
                let (mut fast, mut slow) = (model.predictor(), model.interpreter());
                compare(&mut *fast, &mut slow, model.layout(), lanes, records);
            }
        }
    }
}

#[test]
fn frequencies_do_not_depend_on_the_number_of_lanes() {
    let (schema, sizes) = shapes().swap_remove(3);
    let model = IntModel::new(network(schema, sizes, 3), Level::detect()).unwrap();
    let layout = model.layout();
    let bytes = symbols(layout, 90, 5);
    let mut costs = [30, 3].map(|lanes| {
        // Records that lie in the same place of a lane of the same length cost the same.
        let part = &bytes[..bytes.len() / 30 * lanes];
        measure_records(&mut *model.predictor(), layout, part, lanes).unwrap()
    });
    let alone: Vec<u64> = (0..30)
        .map(|i| {
            let part = &bytes[bytes.len() / 30 * i..bytes.len() / 30 * (i + 1)];
            measure_records(&mut *model.predictor(), layout, part, 1).unwrap()
        })
        .fold(vec![0; layout.roles().len()], |sum, c| {
            sum.iter().zip(c).map(|(a, b)| a + b).collect()
        });
    assert_eq!(std::mem::take(&mut costs[0]), alone);
    assert_ne!(costs[1], alone);
}

#[test]
fn streams_of_all_levels_are_the_same_and_decode_on_each_other() {
    let (schema, sizes) = shapes().swap_remove(0);
    let net = network(schema, sizes, 1);
    let models: Vec<IntModel> = Level::ALL
        .into_iter()
        .filter(|l| l.is_available())
        .map(|l| IntModel::new(net.clone(), l).unwrap())
        .collect();
    let layout = models[0].layout();
    let symbols = symbols(layout, 100, 9);
    let mut bytes = vec![0; 100 * layout.stride()];
    for (s, r) in
        symbols.chunks_exact(layout.roles().len()).zip(bytes.chunks_exact_mut(layout.stride()))
    {
        layout.to_record(s, r);
    }
    let streams: Vec<Vec<u8>> = models
        .iter()
        .map(|m| encode_records(&mut *m.predictor(), layout, &bytes, 7).unwrap())
        .collect();
    for (stream, decoder) in streams.iter().zip(models.iter().cycle().skip(1)) {
        assert_eq!(stream, &streams[0]);
        let mut out = vec![0; bytes.len()];
        decode_records(&mut *decoder.predictor(), layout, stream, 7, &mut out).unwrap();
        assert_eq!(out, bytes);
    }
}

#[test]
fn numbers_are_the_same_on_every_machine() {
    let (schema, sizes) = shapes().swap_remove(3);
    let net = network(schema, sizes, 11);
    let layout = RecordLayout::new(net.schema.clone());
    let model = IntModel::new(net.clone(), Level::detect()).unwrap();
    let digest = vortex_infer::self_test::digest(&mut *model.predictor(), &net, &layout);
    // Written once, on x86-64; also checked under an emulated 64-bit Arm.
    let expected = "0a16263a0aef548492d9278cd1fd2929c554b164a437d1c3ac71f871fae9647f";
    assert_eq!(blake3::Hash::from(digest).to_hex().as_str(), expected);
}
