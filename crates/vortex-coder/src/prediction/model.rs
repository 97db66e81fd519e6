//! The contract between a model and the container: whole blocks in, whole blocks out.

use crate::codec::lanes_for;
use crate::error::Result;
use crate::identity::Identity;
use crate::layout::RecordLayout;

/// Whole records of one block, to be encoded or measured.
#[derive(Clone, Copy, Debug)]
pub struct BlockRecords<'a> {
    /// The records.
    pub bytes: &'a [u8],
    /// Lanes that share them.
    pub lanes: usize,
}

/// The coded records of one block, to be decoded.
#[derive(Debug)]
pub struct BlockPayload<'a> {
    /// What the encoder made of them.
    pub payload: &'a [u8],
    /// Lanes that shared them.
    pub lanes: usize,
    /// Where the records go: their number follows from the length.
    pub out: &'a mut [u8],
}

/// Codes groups of blocks on one thread. Every block is coded on its own: neither the bytes nor the
/// costs of a block depend on the others of its group, on their number, or on what was coded before.
///
/// Models whose predictors give frequencies for lanes take [`crate::LaneCoder`]; a model that codes
/// in another way implements this itself.
pub trait BlockCoder: Send {
    /// The payload of each block.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] when a block is no whole number of records or its lanes
    /// are not possible, [`crate::ErrorKind::LimitExceeded`] when its lanes take too much memory.
    fn encode(&mut self, group: &[BlockRecords<'_>]) -> Result<Vec<Vec<u8>>>;

    /// Decodes each block into its `out`. One result a block, so that a damaged block does not hide
    /// the sound ones beside it.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Truncated`] or [`crate::ErrorKind::Corrupt`] for a payload of the wrong
    /// length (a damaged payload of the right length gives wrong bytes: keep a checksum), and as for
    /// [`BlockCoder::encode`].
    fn decode(&mut self, group: &mut [BlockPayload<'_>]) -> Vec<Result<()>>;

    /// What [`BlockCoder::encode`] would write of each block, by role, in units of 2^-16 bits
    /// ([`crate::cost::COST_ONE_BIT`] of them are a bit).
    ///
    /// # Errors
    /// As [`BlockCoder::encode`].
    fn measure(&mut self, group: &[BlockRecords<'_>]) -> Result<Vec<Vec<u64>>>;
}

/// A predictor ready to code records of a known layout: shared by threads, never changed.
pub trait Model: Send + Sync {
    /// Which predictor it is.
    fn identity(&self) -> Identity;

    /// Records to symbols and back.
    fn layout(&self) -> &RecordLayout;

    /// A coder for one thread.
    fn coder(&self) -> Box<dyn BlockCoder + '_>;

    /// Lanes for a block of so many bytes where the caller does not choose.
    fn lanes(&self, block_bytes: usize) -> usize {
        lanes_for(block_bytes)
    }

    /// Blocks that one call of a coder should get where the caller does not choose: more where the
    /// model runs on something that needs thousands of lanes to be busy.
    fn group(&self) -> usize {
        1
    }
}
