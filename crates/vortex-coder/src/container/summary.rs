//! Progress and final summary of writing or reading.

use super::block::Method;

/// Progress of a writer or reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of blocks written or decoded.
    pub original_bytes: u64,
    /// Bytes of the `.vxc` file that were written, or read for these blocks.
    pub compressed_bytes: u64,
}

/// Called after each block.
pub type OnBlock = Box<dyn FnMut(Progress) + Send>;

/// Summary of a finished file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Bytes before coding.
    pub original_bytes: u64,
    /// Bytes of the `.vxc` file.
    pub compressed_bytes: u64,
    /// Members read; a writer makes one.
    pub members: u64,
    /// Blocks stored raw.
    pub raw_blocks: u64,
    /// Blocks stored as zstd frames.
    pub zstd_blocks: u64,
    /// Blocks coded with the predictor.
    pub modelled_blocks: u64,
}

impl Summary {
    pub(super) fn count(&mut self, method: Method) {
        match method {
            Method::Raw => self.raw_blocks += 1,
            Method::Zstd => self.zstd_blocks += 1,
            Method::Modelled => self.modelled_blocks += 1,
        }
    }

    pub(super) fn progress(&self) -> Progress {
        Progress { original_bytes: self.original_bytes, compressed_bytes: self.compressed_bytes }
    }
}
