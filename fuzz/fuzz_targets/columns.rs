//! The columns predictor: any payload of any schema is decoded or refused, and any records of any schema come back as
//! they were.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vortex_coder::columns::{ColumnsModel, Level};
use vortex_coder::{BlockPayload, BlockRecords, ErrorKind, Model, Schema};

/// Most bytes of a block whose payload is arbitrary.
const MOST_BYTES: usize = 1 << 14;

fn decode(model: &ColumnsModel, payload: &[u8], out: &mut [u8]) -> vortex_coder::Result<()> {
    model.coder().decode(&mut [BlockPayload { payload, lanes: 1, out }]).remove(0)
}

fuzz_target!(|data: &[u8]| {
    let Some((head, rest)) = data.split_first_chunk::<4>() else { return };
    let [level, schema_len, n0, n1] = *head;
    let Some((schema, rest)) = rest.split_at_checked(schema_len.into()) else { return };
    let schema = Schema::read_from(&mut &*schema).unwrap_or_else(|_| Schema::bytes());
    let stride = schema.stride();
    let model = ColumnsModel::new(schema, Level::new(1 + level % 3).expect("1 to 3"));

    // The rest as heads and streams.
    let len = usize::from(u16::from_le_bytes([n0, n1])) % MOST_BYTES / stride * stride;
    let payload = [&[4, 1], rest].concat();
    if let Err(error) = decode(&model, &payload, &mut vec![0; len]) {
        assert!(matches!(error.kind, ErrorKind::Corrupt | ErrorKind::Truncated), "{error}");
    }

    // The rest as records.
    let bytes = &rest[..rest.len() / stride * stride];
    let block = BlockRecords { bytes, lanes: 1 };
    let payload = model.coder().encode(&[block]).expect("whole records").remove(0);
    let mut out = vec![0xaa; bytes.len()];
    decode(&model, &payload, &mut out).expect("sound");
    assert_eq!(out, bytes);
});
