//! Falsified model files: each gives its own kind of error, never a panic, never a model.
#![allow(clippy::unwrap_used)] // helpers of tests

use vortex_coder::Model;
use vortex_coder::schema::{DType, Field, Schema};
use vortex_infer::file::{CHECKSUM_LEN, ModelFile};
use vortex_infer::random::{Sizes, network};
use vortex_infer::{Error, Instructions, IntModel, Network};

fn net() -> Network {
    sized(false)
}

fn sized(biases: bool) -> Network {
    let fields = vec![Field::new("pt", DType::F32, 0), Field::new("n", DType::U8, 4)];
    let sizes = Sizes { biases, ..Sizes::SMALLEST };
    network(Schema::new(5, fields).unwrap(), sizes, 1)
}

fn load(bytes: &[u8]) -> Result<IntModel, Error> {
    IntModel::from_bytes(bytes, Instructions::detect())
}

/// The file with a corrected checksum.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let covered = bytes.len() - CHECKSUM_LEN;
    let checksum = *blake3::hash(&bytes[..covered]).as_bytes();
    bytes[covered..].copy_from_slice(&checksum);
    bytes
}

#[test]
fn a_file_round_trips() {
    for (net, version) in [(net(), 1), (sized(true), 2)] {
        let bytes = net.to_bytes().unwrap();
        assert_eq!(bytes[8..10], [version, 0]);
        let model = load(&bytes).unwrap();
        assert_eq!(model.network(), &net);
        assert_eq!(model.bytes(), bytes);
    }
}

#[test]
fn every_truncation_is_an_error() {
    let bytes = net().to_bytes().unwrap();
    for len in 0..bytes.len() {
        let error = load(&bytes[..len]).err().unwrap();
        assert!(matches!(error, Error::NotAModel | Error::Damaged(_)), "{len}: {error}");
    }
}

#[test]
fn every_flipped_bit_is_an_error() {
    let bytes = net().to_bytes().unwrap();
    for at in (0..bytes.len()).step_by(3).chain(0..64) {
        for bit in 0..8 {
            let mut bad = bytes.clone();
            bad[at] ^= 1 << bit;
            assert!(load(&bad).is_err(), "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn damage_under_a_right_checksum_never_panics_and_never_keeps_the_name() {
    damage_is_seen(&net().to_bytes().unwrap(), 5);
    damage_is_seen(&sized(true).to_bytes().unwrap(), 17);
}

fn damage_is_seen(bytes: &[u8], step: usize) {
    let identity = load(bytes).unwrap().identity();
    let (mut refused, mut other) = (0, 0);
    for at in (8..bytes.len() - CHECKSUM_LEN).step_by(step) {
        for value in [0, 0xff, bytes[at] ^ 1].into_iter().filter(|&v| v != bytes[at]) {
            let mut bad = bytes.to_vec();
            bad[at] = value;
            // If a file loads, it is another valid model: a table entry was changed that the
            // self-test does not reach. Files that name the first model do not accept it.
            match load(&sealed(bad)) {
                Ok(model) => {
                    assert_ne!(model.identity(), identity);
                    other += 1;
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 5000 / step && other > 0, "{refused} refused, {other} other models");
}

#[test]
fn a_model_that_could_overflow_is_refused() {
    type Damage = fn(&mut Network);
    let cases: [(&str, Damage); 5] = [
        ("trunk's embedding", |n| {
            n.embedding.prev_scale.fill(i16::MAX);
            n.embedding.ref_scale.fill(i16::MAX);
            n.embedding.field_bias.fill(i32::MAX);
        }),
        ("residual stream", |n| n.embedding.position.fill(i32::MIN)),
        ("constant of", |n| n.head.norm_in.numerator = u32::MAX),
        ("attention output", |n| n.layers[0].wo.bias = vec![i32::MIN; 8]),
        ("head's stream", |n| n.head.role_bias.fill(i32::MAX)),
    ];
    for (what, damage) in cases {
        let mut bad = net();
        damage(&mut bad);
        match bad.to_bytes() {
            Err(Error::Overflow { what: w, value, limit }) => {
                assert!(w.contains(what) || w.contains("residual"), "{w}");
                assert!(value >= limit);
            }
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[test]
fn the_largest_residual_that_passes_still_computes() {
    // Every entry as large as the sum of squares allows: the root must not leave 32 bits.
    let mut net = net();
    let limit = (((1u64 << 61) / 8) as f64).sqrt() as i32;
    net.embedding.position.fill(limit - (8 << 20));
    if let Ok(bytes) = net.to_bytes() {
        load(&bytes).unwrap();
    }
    net.embedding.position.fill(limit);
    assert!(matches!(net.to_bytes(), Err(Error::Overflow { .. })));
}

#[test]
fn shapes_and_indices_are_checked() {
    let cases: [fn(&mut Network); 9] = [
        |n| n.lag[0] = 0,
        |n| n.lag[0] = 1, // refers to a field of another width
        |n| n.class[0] = 2,
        |n| n.n_heads = 3,
        |n| n.segment += 1,
        |n| n.head.out_bias.truncate(9),
        |n| n.layers[0].wq.shift[0] = 31,
        |n| n.layers[0].wq.weight[0] = i8::MIN,
        |n| n.layers[0].wo.bias = vec![0; 7],
    ];
    for (i, damage) in cases.into_iter().enumerate() {
        let mut bad = net();
        damage(&mut bad);
        assert!(matches!(bad.to_bytes(), Err(Error::Shape(_))), "case {i}");
    }
}

#[test]
fn a_short_file_does_not_ask_for_much_memory() {
    let bytes = net().to_bytes().unwrap();
    let limit = (1u64 << 24) + 64 * bytes.len() as u64;
    for (length, refused) in [(limit, false), (limit + 1, true), (u64::MAX, true)] {
        let mut bad = bytes.clone();
        bad[12..20].copy_from_slice(&length.to_le_bytes());
        let error = load(&sealed(bad)).err().unwrap();
        assert_eq!(matches!(&error, Error::Shape(_)), refused, "{error}");
        assert!(!refused || error.to_string().contains(&limit.to_string()), "{error}");
    }
}

#[test]
fn many_roles_do_not_make_the_proof_slow() {
    // 4,000 roles that share one table of 256 x 512: visiting it for each role would take a minute.
    let fields = (0..4000).map(|i| Field::new(format!("f{i}"), DType::U8, i)).collect();
    let sizes = Sizes {
        d_model: 512,
        n_heads: 1,
        n_layers: 1,
        d_ff: 1,
        d_head: 512,
        d_head_ff: 1,
        window: 1,
        n_tables: 1,
        memory: None,
        biases: false,
    };
    let net = network(Schema::new(4000, fields).unwrap(), sizes, 1);
    let layout = vortex_coder::RecordLayout::new(net.schema.clone());
    let start = std::time::Instant::now();
    vortex_infer::bounds::check(&net, &layout).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    println!("proved in {seconds} s");
    assert!(seconds < 5.0, "{seconds} s");
}

#[test]
fn a_wrong_self_test_is_refused_by_name() {
    let file = ModelFile { network: net(), self_test: [7; 32] };
    let error = load(&file.to_bytes().unwrap()).err().unwrap();
    assert_eq!(
        error,
        Error::SelfTest { execution: format!("CPU ({})", Instructions::detect().name()) }
    );
}
