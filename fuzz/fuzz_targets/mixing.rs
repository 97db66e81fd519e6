//! The mixing predictor: any payload of any schema is decoded or refused, and any records of any schema come
//! back as they were, in about the size that was measured.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vortex_coder::mixing::{Level, MixingModel};
use vortex_coder::{BlockPayload, BlockRecords, ErrorKind, Model, Schema};

/// Most bytes of a block whose payload is arbitrary.
const MOST_BYTES: usize = 1 << 14;

fn decode(model: &MixingModel, payload: &[u8], out: &mut [u8]) -> vortex_coder::Result<()> {
    model.coder().decode(&mut [BlockPayload { payload, lanes: 1, out }]).remove(0)
}

fuzz_target!(|data: &[u8]| {
    let Some((head, rest)) = data.split_first_chunk::<4>() else { return };
    let [level, schema_len, n0, n1] = *head;
    let made = if level & 0x80 == 0 { MixingModel::new } else { MixingModel::of_array };
    let Some((schema, rest)) = rest.split_at_checked(schema_len.into()) else { return };
    let schema = Schema::read_from(&mut &*schema).unwrap_or_else(|_| Schema::bytes());
    let stride = schema.stride();
    let level = Level::new(4 + level % 5).expect("4 to 8");
    let model = made(schema, level);

    // The rest as a payload.
    let len = usize::from(u16::from_le_bytes([n0, n1])) % MOST_BYTES / stride * stride;
    let mut out = vec![0; len];
    if let Err(error) = decode(&model, rest, &mut out) {
        assert!(matches!(error.kind, ErrorKind::Corrupt | ErrorKind::Truncated), "{error}");
    }

    // The rest as records.
    let bytes = &rest[..rest.len() / stride * stride];
    let block = BlockRecords { bytes, lanes: 1 };
    let payload = model.coder().encode(&[block]).expect("whole records").remove(0);
    let mut out = vec![0xaa; bytes.len()];
    // A decoder is not told the level.
    let decoder = made(model.layout().schema().clone(), Level::DEFAULT);
    decode(&decoder, &payload, &mut out).expect("sound");
    assert_eq!(out, bytes);
    let costs = model.coder().measure(&[block]).expect("whole records").remove(0);
    let measured = costs.iter().sum::<u64>() / (8 << 16);
    assert!(payload.len() as u64 + 4 >= measured - measured / 1000);
});
