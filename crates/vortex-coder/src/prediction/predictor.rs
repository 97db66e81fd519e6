//! The contract between a model and the one encode/decode loop.

use crate::cdf::Cdf;
use crate::layout::RecordLayout;

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
/// Symbols come in the order of the model's [`RecordLayout`]: role 0, 1, ... of a record, then
/// role 0 of the next one. Lanes never wait for each other; near the end of a block only the
/// first `active` lanes go on.
pub trait Predictor: Send {
    /// Bytes that one lane takes beyond a few KiB; the coding loop refuses blocks whose lanes would
    /// take more than [`crate::codec::MAX_STATE_BYTES`] together.
    fn lane_bytes(&self) -> usize {
        0
    }

    /// Forgets everything and starts `lanes` cold lanes at role 0.
    fn begin(&mut self, lanes: usize);

    /// The distributions of the next symbol of lanes `0..active`, into `out[..active]`.
    /// `active` changes only at role 0, and never grows within a block.
    fn predict(&mut self, active: usize, out: &mut [Cdf]) -> Coding;

    /// What the symbols were: one for each active lane. Follows each `predict`.
    fn update(&mut self, symbols: &[u8]);
}

/// Something that predicts symbols of a known record layout: shared by threads, never changed.
pub trait Model: Send + Sync {
    /// Records to symbols and back.
    fn layout(&self) -> &RecordLayout;
    /// BLAKE3 of the model file; `None` for predictors built into this crate.
    fn digest(&self) -> Option<[u8; 32]>;
    /// A fresh predictor for one thread.
    fn predictor(&self) -> Box<dyn Predictor + '_>;
}
