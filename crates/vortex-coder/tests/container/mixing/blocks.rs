//! One block encoded, decoded and measured.

use vortex_coder::mixing::{Level, MixingModel};
use vortex_coder::{BlockPayload, BlockRecords, Model, Result, Schema};

use super::plans;

pub fn levels() -> impl Iterator<Item = Level> {
    (Level::LOWEST.number()..=Level::HIGHEST.number()).filter_map(Level::new)
}

pub fn encode(schema: &Schema, level: Level, bytes: &[u8]) -> Vec<u8> {
    let model = MixingModel::best(schema.clone(), level);
    let mut payloads = model.coder().encode(&[BlockRecords { bytes, lanes: 1 }]).unwrap();
    assert_eq!(payloads.len(), 1);
    payloads.remove(0)
}

/// Decodes the payload of a block of `len` bytes. A decoder does not need the level.
pub fn decode(schema: &Schema, payload: &[u8], len: usize) -> Result<Vec<u8>> {
    let model = MixingModel::best(schema.clone(), Level::DEFAULT);
    // The old contents of the buffer must not matter.
    let mut out = vec![0xaa; len];
    let block = BlockPayload { payload, lanes: 1, out: &mut out };
    model.coder().decode(&mut [block]).remove(0)?;
    Ok(out)
}

/// The cost of each role in bits.
pub fn measure(schema: &Schema, level: Level, bytes: &[u8]) -> Vec<f64> {
    let model = MixingModel::best(schema.clone(), level);
    let costs = model.coder().measure(&[BlockRecords { bytes, lanes: 1 }]).unwrap().remove(0);
    assert_eq!(costs.len(), schema.stride());
    costs.into_iter().map(|cost| cost as f64 / 65_536.0).collect()
}

/// Encodes a block, asserts that it is restored, and returns the payload.
pub fn round_trip(schema: &Schema, level: Level, bytes: &[u8]) -> Vec<u8> {
    let payload = encode(schema, level, bytes);
    let decoded = decode(schema, &payload, bytes.len()).unwrap();
    assert!(decoded == bytes, "{} bytes at {level:?}", bytes.len());
    payload
}

/// Asserts that the measured size of a block equals that of its payload without the plan.
pub fn check_measure(schema: &Schema, level: Level, bytes: &[u8], payload: &[u8]) {
    let stream = payload.len() - plans::plan(payload, schema).bytes;
    let measured = measure(schema, level, bytes).into_iter().sum::<f64>() / 8.0;
    let off = (stream as f64 - measured).abs();
    assert!(off <= 4.0 + measured / 1000.0, "{stream} bytes at {level:?}, measured {measured}");
}
