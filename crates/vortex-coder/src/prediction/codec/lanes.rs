//! The blocks of the coding loop, and their lanes.

use std::cmp::Reverse;
use std::ops::Range;

use super::{MAX_LANES, MAX_STATE_BYTES};
use crate::error::{Error, Result};
use crate::layout::RecordLayout;
use crate::predictor::Predictor;

/// One block of the coding loop.
pub(super) struct Block<C> {
    records: usize,
    /// Number of lanes, at most the number of records.
    pub(super) lanes: usize,
    pub(super) coder: C,
}

impl<C> Block<C> {
    /// A block of `bytes` bytes, if its length and its lanes are valid.
    pub(super) fn new(
        predictor: &dyn Predictor,
        layout: &RecordLayout,
        bytes: usize,
        lanes: usize,
        coder: C,
    ) -> Result<Self> {
        let stride = layout.stride();
        if !bytes.is_multiple_of(stride) {
            return Err(Error::invalid_argument(format!(
                "{bytes} bytes are not a whole number of records of {stride} bytes"
            )));
        }
        if lanes == 0 || lanes > MAX_LANES {
            return Err(Error::invalid_argument(format!(
                "{lanes} lanes; 1 to {MAX_LANES} are possible"
            )));
        }
        let records = bytes / stride;
        let lanes = lanes.min(records);
        if state_bytes(predictor, lanes) > MAX_STATE_BYTES {
            return Err(Error::limit_exceeded(format!(
                "{lanes} lanes of {} bytes in the model; {MAX_STATE_BYTES} bytes in all are \
                 possible: use fewer lanes",
                predictor.lane_bytes()
            )));
        }
        Ok(Self { records, lanes, coder })
    }
}

fn state_bytes(predictor: &dyn Predictor, lanes: usize) -> u64 {
    lanes as u64 * predictor.lane_bytes() as u64
}

/// The number of blocks, from the first, that advance together: at least one, which always fits.
pub(super) fn together<C>(predictor: &dyn Predictor, blocks: &[Block<C>]) -> usize {
    let mut lanes = 0;
    let fits = |block: &&Block<C>| {
        lanes += block.lanes;
        state_bytes(predictor, lanes) <= MAX_STATE_BYTES
    };
    blocks.iter().take(predictor.max_group()).take_while(fits).count().max(1)
}

/// A run of whole records of one block.
pub(super) struct Lane {
    pub(super) block: usize,
    pub(super) first_record: usize,
    pub(super) records: usize,
}

/// The lanes of all blocks, the longest first; the lanes of one block keep their order. Lane `i` of
/// a block of `n` records in `lanes` takes `n / lanes + (i < n % lanes)` consecutive records.
pub(super) fn lanes_of<C>(blocks: &[Block<C>]) -> Vec<Lane> {
    let mut all = Vec::new();
    for (block, &Block { records: n, lanes, .. }) in blocks.iter().enumerate() {
        // A block without records has no lanes.
        let (each, longer) = (n / lanes.max(1), n % lanes.max(1));
        all.extend((0..lanes).map(|i| Lane {
            block,
            first_record: i * each + i.min(longer),
            records: each + usize::from(i < longer),
        }));
    }
    // The sort is stable: within a block, the longer lanes already come first.
    all.sort_by_key(|lane| Reverse(lane.records));
    all
}

/// Runs of lanes that belong to one block.
pub(super) fn spans_of(lanes: &[Lane]) -> Vec<(usize, Range<usize>)> {
    let mut spans: Vec<(usize, Range<usize>)> = Vec::new();
    for (i, lane) in lanes.iter().enumerate() {
        match spans.last_mut() {
            Some((block, span)) if *block == lane.block => span.end = i + 1,
            _ => spans.push((lane.block, i..i + 1)),
        }
    }
    spans
}
