//! The contract between a predictor of lanes and the one encode/decode loop.

use crate::cdf::Cdf;
use crate::score::{Known, Score, score_by_steps};

/// Whether the symbols of this step carry a prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// `out[..active]` holds one distribution a lane.
    Modelled,
    /// Every symbol of the role's alphabet is equally likely in every lane; `out` is untouched.
    Flat,
}

/// N lanes that advance together, one symbol a step. Encoder and decoder drive the very same
/// calls in the very same order, so a predictor that is a pure function of the symbols it was
/// given makes decoding exact.
///
/// Symbols come in the order of the model's [`crate::RecordLayout`]: role 0, 1, ... of a record, then
/// role 0 of the next one. Lanes never wait for each other; near the end only the first `active`
/// lanes go on.
pub trait Predictor: Send {
    /// Bytes that one lane takes beyond a few KiB; the coding loop refuses blocks whose lanes would
    /// take more than [`crate::codec::MAX_STATE_BYTES`] together. Which blocks can be decoded
    /// depends on it, so it is a number of the format: the same on every machine.
    fn lane_bytes(&self) -> usize {
        0
    }

    /// Most blocks whose lanes may advance together. Where the prediction of a lane depends on
    /// that lane alone, any number may; where lanes share what they learn, only those of one block.
    fn max_group(&self) -> usize {
        1
    }

    /// Forgets everything and starts `lanes` cold lanes at role 0.
    fn begin(&mut self, lanes: usize);

    /// The distributions of the next symbol of lanes `0..active`, into `out[..active]`.
    /// `active` changes only at role 0, and never grows until the next `begin`.
    fn predict(&mut self, active: usize, out: &mut [Cdf]) -> Coding;

    /// What the symbols were: one for each active lane. Follows each `predict`.
    fn update(&mut self, symbols: &[u8]);

    /// Scores whole records whose symbols are known, from role 0 on: appends what `predict` would say
    /// of each symbol, `[record][role][lane]`, and leaves the predictor where `update` would with the
    /// last of them. Lanes `0..known.lanes()` are active.
    ///
    /// A predictor may do better than [`score_by_steps`], which is what it must give.
    fn score(&mut self, known: Known<'_>, out: &mut Vec<Score>) {
        score_by_steps(self, known, out);
    }

    /// Records of each of so many lanes that [`Predictor::score`] should get at once; 0 where it is no
    /// faster than coding step by step.
    fn records_to_score(&self, _lanes: usize) -> usize {
        0
    }
}
