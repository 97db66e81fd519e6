//! The blocks of the coding loop, and their lanes.

use std::cmp::Reverse;
use std::ops::Range;

use super::{MAX_LANES, MAX_STATE_BYTES};
use crate::error::{Error, Result};
use crate::layout::RecordLayout;
use crate::predictor::Predictor;

/// How the records of a block are shared out to its lanes: lane `i` takes
/// `records / lanes + (i < records % lanes)` consecutive ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneSplit {
    records: usize,
    lanes: usize,
}

impl LaneSplit {
    /// The split of a block of `bytes` bytes, in a predictor whose lanes take `lane_bytes` each.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] if this is not a whole number of records, or the lanes
    /// are not 1 to [`MAX_LANES`]; [`crate::ErrorKind::LimitExceeded`] if they take more than
    /// [`MAX_STATE_BYTES`].
    pub fn new(
        layout: &RecordLayout,
        bytes: usize,
        lanes: usize,
        lane_bytes: usize,
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
        if lanes as u64 * lane_bytes as u64 > MAX_STATE_BYTES {
            return Err(Error::limit_exceeded(format!(
                "{lanes} lanes of {lane_bytes} bytes in the model; {MAX_STATE_BYTES} bytes in all are \
                 possible: use fewer lanes"
            )));
        }
        Ok(Self { records, lanes })
    }

    /// Number of lanes, at most the number of records: 0 for a block without records.
    pub fn lanes(self) -> usize {
        self.lanes
    }

    /// Records of the shorter lanes, and the number of lanes, from the first, with one more.
    pub fn each_and_longer(self) -> (usize, usize) {
        (self.records / self.lanes.max(1), self.records % self.lanes.max(1))
    }

    /// The first record of a lane, and their number.
    pub fn of_lane(self, lane: usize) -> (usize, usize) {
        let (each, longer) = self.each_and_longer();
        (lane * each + lane.min(longer), each + usize::from(lane < longer))
    }
}

/// One block of the coding loop.
pub(super) struct Block<C> {
    pub(super) split: LaneSplit,
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
        let split = LaneSplit::new(layout, bytes, lanes, predictor.lane_bytes())?;
        Ok(Self { split, coder })
    }
}

fn state_bytes(predictor: &dyn Predictor, lanes: usize) -> u64 {
    lanes as u64 * predictor.lane_bytes() as u64
}

/// The number of blocks, from the first, that advance together: at least one, which always fits.
pub(super) fn together<C>(predictor: &dyn Predictor, blocks: &[Block<C>]) -> usize {
    let mut lanes = 0;
    let fits = |block: &&Block<C>| {
        lanes += block.split.lanes;
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

/// The lanes of all blocks, the longest first; the lanes of one block keep their order.
pub(super) fn lanes_of<C>(blocks: &[Block<C>]) -> Vec<Lane> {
    let mut all = Vec::new();
    for (block, &Block { split, .. }) in blocks.iter().enumerate() {
        all.extend((0..split.lanes).map(|lane| {
            let (first_record, records) = split.of_lane(lane);
            Lane { block, first_record, records }
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
