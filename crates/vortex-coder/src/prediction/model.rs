//! The interface between a model and the container: whole blocks in, whole blocks out.

use crate::codec::lanes_for;
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::layout::RecordLayout;
use crate::predictor::Predictor;

/// Whole records of one block, to be encoded or measured.
#[derive(Clone, Copy, Debug)]
pub struct BlockRecords<'a> {
    /// The records.
    pub bytes: &'a [u8],
    /// Number of lanes of the block.
    pub lanes: usize,
}

/// The coded records of one block, to be decoded.
#[derive(Debug)]
pub struct BlockPayload<'a> {
    /// The payload that the encoder made.
    pub payload: &'a [u8],
    /// Number of lanes of the block.
    pub lanes: usize,
    /// Output for the records; its length gives their number.
    pub out: &'a mut [u8],
}

/// Whether a block of so many bytes and lanes is whole records in one lane, as `predictor` codes them.
pub(crate) fn check_one_lane(
    predictor: &str,
    layout: &RecordLayout,
    bytes: usize,
    lanes: usize,
) -> Result<()> {
    if lanes != 1 {
        let message = format!("{lanes} lanes; the {predictor} predictor has one");
        return Err(Error::invalid_argument(message));
    }
    let stride = layout.stride();
    if !bytes.is_multiple_of(stride) {
        return Err(Error::invalid_argument(format!(
            "{bytes} bytes are not a whole number of records of {stride} bytes"
        )));
    }
    Ok(())
}

/// Codes groups of blocks on one thread. Every block is coded independently: neither its bytes nor
/// its costs depend on the other blocks of the group, on their number, or on earlier groups.
///
/// A model whose predictor gives frequencies for lanes uses [`crate::LaneCoder`]; other models
/// implement this trait themselves.
pub trait BlockCoder: Send {
    /// The payload of each block.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] if a block is not a whole number of records or its
    /// lanes are not valid, [`crate::ErrorKind::LimitExceeded`] if its lanes need too much memory.
    fn encode(&mut self, group: &[BlockRecords<'_>]) -> Result<Vec<Vec<u8>>>;

    /// Decodes each block into its `out`. It returns one result per block, so that a damaged block
    /// does not hide the sound ones.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Truncated`] or [`crate::ErrorKind::Corrupt`] for a payload of the wrong
    /// length (a damaged payload of the right length gives wrong bytes: keep a checksum), and as for
    /// [`BlockCoder::encode`].
    fn decode(&mut self, group: &mut [BlockPayload<'_>]) -> Vec<Result<()>>;

    /// The size of the output of [`BlockCoder::encode`] for each block, by role, in units of 2^-16
    /// bits ([`crate::cost::COST_ONE_BIT`] of them are a bit).
    ///
    /// # Errors
    /// As [`BlockCoder::encode`].
    fn measure(&mut self, group: &[BlockRecords<'_>]) -> Result<Vec<Vec<u64>>>;
}

/// A predictor ready to code records of a known layout: shared by threads, never changed.
pub trait Model: Send + Sync {
    /// The identity of the predictor.
    fn identity(&self) -> Identity;

    /// Records to symbols and back.
    fn layout(&self) -> &RecordLayout;

    /// A coder for one thread.
    fn coder(&self) -> Box<dyn BlockCoder + '_>;

    /// The predictor of lanes for one thread, if the model is one: then it can be mixed with
    /// contexts ([`crate::mixing::MixedModel`]).
    fn lanes_predictor(&self) -> Option<Box<dyn Predictor + '_>> {
        None
    }

    /// Default number of lanes for a block of this number of bytes.
    fn lanes(&self, block_bytes: usize) -> usize {
        lanes_for(block_bytes)
    }

    /// Default number of blocks for one call of a coder. It is larger if the model runs on a device
    /// that needs thousands of lanes.
    fn group(&self) -> usize {
        1
    }
}
