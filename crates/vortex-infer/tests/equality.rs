//! Every set of instructions equals the definition, to the bit, for random networks, shapes, lanes and inputs.
#![allow(clippy::unwrap_used)] // helpers of tests

use vortex_coder::predictor::{Coding, Predictor};
use vortex_coder::schema::{DType, Field, Schema};
use vortex_coder::score::{Known, score_by_steps};
use vortex_coder::{Cdf, Model, RecordLayout, decode_records, encode_records, measure_records};
use vortex_infer::random::{Sizes, network, symbols};
use vortex_infer::spec::MemoryShape;
use vortex_infer::{Instructions, IntModel, Network};

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

/// Shapes with a remainder in every dimension: channels, tiles, windows, slots.
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

/// The network with every set of instructions that this machine has.
fn at_every_level(net: &Network) -> Vec<IntModel> {
    let bytes = net.to_bytes().unwrap();
    let (here, missing): (Vec<_>, Vec<_>) =
        Instructions::ALL.into_iter().partition(|instructions| instructions.is_available());
    missing.iter().for_each(|instructions| {
        println!("skipped: {} is not available here", instructions.name())
    });
    here.into_iter()
        .map(|instructions| IntModel::from_bytes(&bytes, instructions).unwrap())
        .collect()
}

/// Steps all models and the definition with the same symbols and compares all frequencies. All
/// lanes run in the first half; then they end one by one.
fn compare(models: &[IntModel], lanes: usize, records: usize) {
    let layout = models[0].layout();
    let steps = records * layout.roles().len();
    let input: Vec<Vec<u8>> = (0..lanes).map(|l| symbols(layout, records, 77 + l as u64)).collect();
    let mut definition = models[0].interpreter();
    let mut predictors: Vec<_> = models.iter().map(|m| (m.execution(), m.predictor())).collect();
    let (mut right, mut found) = (vec![Cdf::default(); lanes], vec![Cdf::default(); lanes]);
    definition.begin(lanes);
    predictors.iter_mut().for_each(|(_, predictor)| predictor.begin(lanes));
    for step in 0..steps {
        let active = (lanes * 2 * (steps - step)).div_ceil(steps).min(lanes);
        let coding = definition.predict(active, &mut right[..active]);
        let actual: Vec<u8> = input[..active].iter().map(|s| s[step]).collect();
        for (execution, predictor) in &mut predictors {
            let at = || format!("{execution}, step {step}, {active} of {lanes} lanes");
            assert_eq!(predictor.predict(active, &mut found[..active]), coding, "{}", at());
            if coding == Coding::Modelled {
                for (right, found) in right[..active].iter().zip(&found) {
                    assert!(right.frequencies() == found.frequencies(), "{}", at());
                }
            }
            predictor.update(&actual);
        }
        definition.update(&actual);
    }
}

#[test]
fn every_level_equals_the_definition() {
    for (i, (schema, sizes)) in shapes().into_iter().enumerate() {
        let models = at_every_level(&network(schema, sizes, i as u64));
        let records = 60usize.div_ceil(models[0].layout().n_fields());
        for lanes in [1, 2, 9] {
            compare(&models, lanes, records);
        }
        // The number of lanes of a block of the default length.
        compare(&models, 64, records.div_ceil(8));
    }
}

/// Scores pieces of records with fewer and fewer lanes, steps through some in between, and compares with
/// the definition, one step after the other.
fn compare_scores(models: &[IntModel], lanes: usize, records: usize) {
    let layout = models[0].layout();
    let n_roles = layout.roles().len();
    let input: Vec<Vec<u8>> = (0..lanes).map(|l| symbols(layout, records, 7 + l as u64)).collect();
    let mut definition = models[0].interpreter();
    let mut predictors: Vec<_> = models.iter().map(|m| (m.execution(), m.predictor())).collect();
    definition.begin(lanes);
    predictors.iter_mut().for_each(|(_, predictor)| predictor.begin(lanes));
    let (mut record, mut active) = (0, lanes);
    for (turn, piece) in [1, 7, 2, 0, 30, 1, 3, usize::MAX].into_iter().enumerate() {
        let piece = piece.min(records - record);
        let mut piece_symbols = Vec::new();
        for record in record..record + piece {
            for lane in &input[..active] {
                piece_symbols.extend_from_slice(&lane[record * n_roles..(record + 1) * n_roles]);
            }
        }
        let known = Known::new(&piece_symbols, active, n_roles);
        let mut right = Vec::new();
        score_by_steps(&mut definition, known, &mut right);
        for (execution, predictor) in &mut predictors {
            let mut found = Vec::new();
            match turn {
                2 => score_by_steps(&mut **predictor, known, &mut found),
                _ => predictor.score(known, &mut found),
            }
            assert!(found == right, "{execution}, {active} lanes, {piece} records after {record}");
        }
        record += piece;
        active = (active * 2).div_ceil(3);
    }
}

#[test]
fn scores_of_known_symbols_are_those_of_the_definition() {
    for (i, (schema, sizes)) in shapes().into_iter().enumerate() {
        let models = at_every_level(&network(schema, sizes, 40 + i as u64));
        let records = 150usize.div_ceil(models[0].layout().n_fields());
        for lanes in [1, 3, 20] {
            compare_scores(&models, lanes, records);
        }
        // More lanes than rows are put together.
        compare_scores(&models, 64, records.div_ceil(8));
    }
}

#[test]
fn wide_matrices_equal_the_definition() {
    // Sums over more than 2,048 inputs in every kind of matrix product that has them.
    let sizes = Sizes {
        d_model: 8,
        n_heads: 2,
        n_layers: 1,
        d_ff: 2056,
        d_head: 2100,
        d_head_ff: 24,
        window: 6,
        n_tables: 1,
        memory: None,
        biases: true,
    };
    for (sizes, seed) in [(sizes, 21), (Sizes { d_head: 12, d_head_ff: 2310, ..sizes }, 22)] {
        let models = at_every_level(&network(schema(&[DType::U16, DType::U8]), sizes, seed));
        compare(&models, 3, 2);
        compare(&models, 64, 1);
    }
}

#[test]
fn frequencies_do_not_depend_on_the_number_of_lanes() {
    let (schema, sizes) = shapes().swap_remove(3);
    let model = IntModel::new(network(schema, sizes, 3), Instructions::detect()).unwrap();
    let layout = model.layout();
    let bytes = symbols(layout, 90, 5);
    let mut costs = [30, 3].map(|lanes| {
        // Records in the same place of lanes of the same length have the same cost.
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
    let models: Vec<IntModel> = Instructions::ALL
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
        layout.to_record(None, s, r);
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
    let model = IntModel::new(net.clone(), Instructions::detect()).unwrap();
    let digest = vortex_infer::self_test::digest(&mut *model.predictor(), &net, &layout);
    // Written once, on x86-64; also checked under an emulated 64-bit Arm.
    let expected = "0a16263a0aef548492d9278cd1fd2929c554b164a437d1c3ac71f871fae9647f";
    assert_eq!(blake3::Hash::from(digest).to_hex().as_str(), expected);
}
