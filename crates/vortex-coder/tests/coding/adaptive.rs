//! The built-in model in the coding loop: it is exact and deterministic, and it compresses.

use vortex_coder::{
    AdaptiveModel, DType, ErrorKind, Field, Model, Schema, decode_records, encode_records,
    measure_records,
};

fn round_trip(model: &AdaptiveModel, bytes: &[u8], lanes: usize) -> Vec<u8> {
    let mut predictor = model.predictor();
    let payload = encode_records(&mut *predictor, model.layout(), bytes, lanes).unwrap();
    let mut out = vec![0xaa; bytes.len()];
    decode_records(&mut *predictor, model.layout(), &payload, lanes, &mut out).unwrap();
    assert!(out == bytes, "{} bytes, {lanes} lanes", bytes.len());
    let again = encode_records(&mut *model.predictor(), model.layout(), bytes, lanes).unwrap();
    assert_eq!(payload, again, "a used predictor codes as a fresh one");
    payload
}

/// Records of two floats and a counter with some structure.
fn records(n: u32) -> Vec<u8> {
    (0..n)
        .flat_map(|i| {
            let x = (i as f32 * 0.01).sin() * 100.0;
            let noise = i.wrapping_mul(0x9e37_79b9) >> 24;
            let mut record = x.to_le_bytes().to_vec();
            record.extend((noise as f32).to_le_bytes());
            record.extend((i as u16).to_be_bytes());
            record
        })
        .collect()
}

fn schema() -> Schema {
    let mut counter = Field::new("counter", DType::U16, 8);
    counter.big_endian = true;
    let fields = vec![Field::new("x", DType::F32, 0), Field::new("n", DType::F32, 4), counter];
    Schema::new(10, fields).unwrap()
}

#[test]
fn comes_back_for_any_number_of_records_and_lanes() {
    let model = AdaptiveModel::new(schema());
    let bytes = records(300);
    for n in [0, 1, 2, 3, 7, 64, 299, 300] {
        for lanes in [1, 2, 3, 8, 64] {
            round_trip(&model, &bytes[..n * 10], lanes);
        }
    }
    let model = AdaptiveModel::new(Schema::bytes());
    for n in [0, 1, 2, 255, 3000] {
        round_trip(&model, &bytes[..n], 1);
    }
}

#[test]
fn finds_structure_and_wastes_little_on_noise() {
    let model = AdaptiveModel::new(schema());
    let bytes = records(20_000);
    let len = round_trip(&model, &bytes, 1).len();
    assert!(len * 2 < bytes.len(), "{len} of {}", bytes.len());

    let mut state = 1u64;
    let noise: Vec<u8> = (0..100_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .collect();
    let len = round_trip(&AdaptiveModel::new(Schema::bytes()), &noise, 1).len();
    assert!(len < 103_000, "{len} of 100000");

    let text = b"the quick brown fox jumps over the lazy dog. ".repeat(200);
    let len = round_trip(&AdaptiveModel::new(Schema::bytes()), &text, 1).len();
    assert!(len < 200, "{len} of {}", text.len());
}

#[test]
fn a_wide_record_is_bounded_and_exact() {
    let model = AdaptiveModel::new(Schema::new(65_535, vec![]).unwrap());
    let bytes: Vec<u8> = (0..65_535u32 * 3).map(|i| (i % 251) as u8).collect();
    round_trip(&model, &bytes, 2);
}

#[test]
fn measured_cost_is_the_size() {
    let model = AdaptiveModel::new(schema());
    let bytes = records(5000);
    let len = round_trip(&model, &bytes, 4).len() as u64;
    let cost = measure_records(&mut *model.predictor(), model.layout(), &bytes, 4).unwrap();
    assert_eq!(cost.len(), 10);
    let measured = cost.iter().sum::<u64>().div_ceil(8 << 16);
    assert!(len.abs_diff(measured) <= 4 + len / 10_000, "{len} bytes, measured {measured}");
}

#[test]
fn impossible_requests_and_damage_are_errors() {
    let model = AdaptiveModel::new(schema());
    let mut predictor = model.predictor();
    let bytes = records(200);
    let kind = |r: vortex_coder::Result<Vec<u8>>| r.unwrap_err().kind;
    for (bytes, lanes) in [(&bytes[..15], 1), (&bytes[..], 0), (&bytes[..], 1025)] {
        let result = encode_records(&mut *predictor, model.layout(), bytes, lanes);
        assert_eq!(kind(result), ErrorKind::InvalidArgument);
    }
    let payload = encode_records(&mut *predictor, model.layout(), &bytes, 2).unwrap();
    let mut out = vec![0; bytes.len()];
    for cut in 0..payload.len() - 8 {
        let part = &payload[..cut];
        let error = decode_records(&mut *predictor, model.layout(), part, 2, &mut out).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Truncated, "cut at {cut}");
    }
    let longer = [&payload[..], &[0; 9]].concat();
    let error = decode_records(&mut *predictor, model.layout(), &longer, 2, &mut out).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Corrupt);
    for at in 0..payload.len() {
        let mut damaged = payload.clone();
        damaged[at] ^= 0x10;
        // The result may be any symbols; the checksum of the container detects this.
        let _ = decode_records(&mut *predictor, model.layout(), &damaged, 2, &mut out);
    }
}
