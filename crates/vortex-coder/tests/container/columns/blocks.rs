//! One block there and back.

use vortex_coder::columns::{ColumnsModel, Level};
use vortex_coder::{BlockPayload, BlockRecords, Model, Result, Schema};

/// All levels.
pub fn levels() -> impl Iterator<Item = Level> {
    (1..=3).map(|level| Level::new(level).unwrap())
}

pub fn encode(schema: &Schema, level: Level, bytes: &[u8]) -> Vec<u8> {
    let model = ColumnsModel::new(schema.clone(), level);
    model.coder().encode(&[BlockRecords { bytes, lanes: 1 }]).unwrap().remove(0)
}

pub fn decode(schema: &Schema, payload: &[u8], len: usize) -> Result<Vec<u8>> {
    let model = ColumnsModel::new(schema.clone(), Level::HIGHEST);
    let mut out = vec![0xaa; len];
    model.coder().decode(&mut [BlockPayload { payload, lanes: 1, out: &mut out }]).remove(0)?;
    Ok(out)
}

/// Bytes of the payload that comes back.
pub fn round_trip(schema: &Schema, level: Level, bytes: &[u8]) -> usize {
    let payload = encode(schema, level, bytes);
    assert!(decode(schema, &payload, bytes.len()).unwrap() == bytes, "level {level:?}");
    payload.len()
}
