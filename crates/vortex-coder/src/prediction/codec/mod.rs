//! The coding loop, which encodes, decodes and measures: a predictor's lanes over a group of
//! blocks.
//!
//! A `SymbolCoder` for each block (`coders.rs`) writes, reads or measures a symbol. One shared loop
//! (`lanes.rs`, `steps.rs`) decides which symbol of which lane is next, and with which
//! distribution. So the encoder and the decoder always make the same choice.

mod coders;
mod lanes;
mod steps;

use crate::error::{Error, Result};
use crate::layout::RecordLayout;
use crate::model::{BlockPayload, BlockRecords};
use crate::predictor::Predictor;
use crate::range::{RangeDecoder, RangeEncoder};
use coders::{Costs, Decode, Encode, Sink};
pub use lanes::LaneSplit;
use lanes::{Block, together};
use steps::{run, run_scored};

/// Most lanes of a block.
pub const MAX_LANES: usize = 1024;
/// Most bytes for the lanes of one block in a predictor, so that a small file cannot use all
/// memory: 64 lanes of the largest models fit. Several blocks advance together only if their lanes
/// fit too.
pub const MAX_STATE_BYTES: u64 = 4 << 30;

/// The number of lanes for a block of this number of bytes: one for every 16 KiB, 1 to 64. More
/// lanes make the matrix products of a network larger, but each lane starts without a history.
pub fn lanes_for(block_bytes: usize) -> usize {
    (block_bytes / (16 << 10)).clamp(1, 64)
}

/// Encodes the whole records of one block. The stream does not contain the number of records or
/// lanes.
///
/// # Errors
/// [`crate::ErrorKind::InvalidArgument`] if `bytes` is not a whole number of records, `lanes` is 0
/// or above [`MAX_LANES`], or the predictor's distributions do not fit the layout's alphabets;
/// [`crate::ErrorKind::LimitExceeded`] when the lanes take more than [`MAX_STATE_BYTES`].
pub fn encode_records(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    bytes: &[u8],
    lanes: usize,
) -> Result<Vec<u8>> {
    let mut payloads = encode_group(predictor, layout, &[BlockRecords { bytes, lanes }])?;
    Ok(payloads.pop().expect("one payload for one block"))
}

/// Decodes the output of [`encode_records`] for `out.len()` bytes, with an equal predictor, the
/// same layout and the same number of lanes.
///
/// # Errors
/// [`crate::ErrorKind::Truncated`] or [`crate::ErrorKind::Corrupt`] for a payload of the wrong
/// length (a damaged payload of the right length gives wrong bytes: keep a checksum);
/// otherwise as for [`encode_records`].
pub fn decode_records(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    payload: &[u8],
    lanes: usize,
    out: &mut [u8],
) -> Result<()> {
    let mut results = decode_group(predictor, layout, &mut [BlockPayload { payload, lanes, out }]);
    results.pop().expect("one result for one block")
}

/// The cost of coding whole records, for each role, in units of 2^-16 bits
/// ([`crate::cost::COST_ONE_BIT`] of them are a bit): the size of the output of [`encode_records`],
/// to about 2^-15 bits per symbol.
///
/// # Errors
/// As [`encode_records`].
pub fn measure_records(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    bytes: &[u8],
    lanes: usize,
) -> Result<Vec<u64>> {
    let mut costs = measure_group(predictor, layout, &[BlockRecords { bytes, lanes }])?;
    Ok(costs.pop().expect("the costs of one block"))
}

/// [`encode_records`] for each block of a group, with as many at once as the predictor can take.
///
/// # Errors
/// As [`encode_records`].
pub fn encode_group(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    group: &[BlockRecords<'_>],
) -> Result<Vec<Vec<u8>>> {
    let encoder = |bytes: &[u8]| RangeEncoder::with_capacity(bytes.len() / 2);
    let encoders = code_known(predictor, layout, group, encoder)?;
    Ok(encoders.into_iter().map(RangeEncoder::finish).collect())
}

/// [`measure_records`] for each block of a group, with as many at once as the predictor can take.
///
/// # Errors
/// As [`encode_records`].
pub fn measure_group(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    group: &[BlockRecords<'_>],
) -> Result<Vec<Vec<u64>>> {
    let costs = |_: &[u8]| Costs(vec![0; layout.roles().len()]);
    let costs = code_known(predictor, layout, group, costs)?;
    Ok(costs.into_iter().map(|costs| costs.0).collect())
}

/// Passes the records of each block to a sink.
fn code_known<S: Sink>(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    group: &[BlockRecords<'_>],
    sink: impl Fn(&[u8]) -> S,
) -> Result<Vec<S>> {
    let mut blocks = Vec::with_capacity(group.len());
    for &BlockRecords { bytes, lanes } in group {
        let coder = Encode { bytes, sink: sink(bytes) };
        blocks.push(Block::new(predictor, layout, bytes.len(), lanes, coder)?);
    }
    let mut rest = &mut blocks[..];
    while !rest.is_empty() {
        let (now, later) = rest.split_at_mut(together(predictor, rest));
        let lanes = now.iter().map(|block| block.split.lanes()).sum();
        match predictor.records_to_score(lanes) {
            0 => run(predictor, layout, now)?,
            records => run_scored(predictor, layout, now, records)?,
        }
        rest = later;
    }
    Ok(blocks.into_iter().map(|block| block.coder.sink).collect())
}

/// [`decode_records`] for each block of a group, with as many at once as the predictor can take.
/// One result per block.
///
/// # Errors
/// As [`decode_records`].
pub fn decode_group(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    group: &mut [BlockPayload<'_>],
) -> Vec<Result<()>> {
    let (mut results, mut sound, mut blocks) = (Vec::new(), Vec::new(), Vec::new());
    for (number, BlockPayload { payload, lanes, out }) in group.iter_mut().enumerate() {
        let bytes = out.len();
        let coder = Decode { input: RangeDecoder::new(payload), out };
        let block = Block::new(predictor, layout, bytes, *lanes, coder);
        results.push(block.map(|block| {
            sound.push(number);
            blocks.push(block);
        }));
    }
    let (mut rest, mut numbers) = (&mut blocks[..], sound.into_iter());
    while !rest.is_empty() {
        let (now, later) = rest.split_at_mut(together(predictor, rest));
        let ran = run(predictor, layout, now);
        for (block, number) in now.iter().zip(&mut numbers) {
            results[number] = match &ran {
                Ok(()) => block.coder.input.clone().finish(),
                Err(error) => Err(Error::new(error.kind, error.message.clone())),
            };
        }
        rest = later;
    }
    results
}
