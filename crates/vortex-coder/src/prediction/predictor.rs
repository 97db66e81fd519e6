//! The interface between a predictor of lanes and the encode/decode loop.

use crate::cdf::Cdf;
use crate::error::Error;
use crate::score::{Known, Score, score_by_steps};

/// Whether the symbols of this step have a prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// `out[..active]` holds one distribution per lane.
    Modelled,
    /// Every symbol of the role's alphabet is equally likely in every lane; `out` is untouched.
    Flat,
}

/// N lanes that advance together, one symbol per step. The encoder and the decoder make the same
/// calls in the same order. So decoding is exact if the predictor is a pure function of the symbols
/// that it got.
///
/// Symbols come in the order of the model's [`crate::RecordLayout`]: role 0, 1, ... of a record, then
/// role 0 of the next one. Lanes never wait for each other; near the end only the first `active`
/// lanes continue.
pub trait Predictor: Send {
    /// Memory of one lane in bytes, apart from a few KiB. The coding loop refuses blocks whose
    /// lanes together would need more than [`crate::codec::MAX_STATE_BYTES`]. This decides which
    /// blocks can be decoded, so it is part of the format and the same on every machine.
    fn lane_bytes(&self) -> usize {
        0
    }

    /// Most blocks whose lanes may advance together. If the prediction of a lane depends only on
    /// this lane, there is no limit; if lanes share their state, the limit is one block.
    fn max_group(&self) -> usize {
        1
    }

    /// Resets all state and starts `lanes` new lanes at role 0.
    fn begin(&mut self, lanes: usize);

    /// The distributions of the next symbol of lanes `0..active`, into `out[..active]`.
    /// `active` changes only at role 0, and never grows until the next `begin`.
    fn predict(&mut self, active: usize, out: &mut [Cdf]) -> Coding;

    /// Passes the symbols of the step, one for each active lane. It follows each `predict`.
    fn update(&mut self, symbols: &[u8]);

    /// Scores whole records whose symbols are known, from role 0 on: appends the prediction of each
    /// symbol, `[record][role][lane]`, and leaves the predictor in the state after `update` with
    /// the last symbol. Lanes `0..known.lanes()` are active.
    ///
    /// A predictor may be faster than [`score_by_steps`], but must give the same result.
    fn score(&mut self, known: Known<'_>, out: &mut Vec<Score>) {
        score_by_steps(self, known, out);
    }

    /// Number of records per lane that [`Predictor::score`] should get at once, for this number of
    /// lanes; 0 if it is not faster than coding step by step.
    fn records_to_score(&self, _lanes: usize) -> usize {
        0
    }

    /// Why all predictions since the last call are meaningless, if the device that makes them
    /// failed. Whoever predicts asks after each record at the latest, and before it uses a result.
    fn failure(&mut self) -> Option<Error> {
        None
    }
}
