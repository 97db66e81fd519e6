//! How to write a `.vxc` file.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::constants::*;
use super::permits::Permits;
use crate::adaptive::AdaptiveModel;
use crate::columns::{self, ColumnsModel};
use crate::mixing::{Level, MixingModel};
use crate::model::Model;
use crate::schema::Schema;

/// The coder of the blocks of a file.
#[derive(Clone)]
pub enum Coder {
    /// zstd or raw; blocks hold whole records of the schema.
    Classic(Schema),
    /// A predictor: built into this crate, or from a model file. The file refers to it by its
    /// [`Identity`](crate::Identity).
    Model(Arc<dyn Model>),
}

impl Coder {
    /// The adaptive predictor of this crate.
    pub fn adaptive(schema: Schema) -> Self {
        Self::Model(Arc::new(AdaptiveModel::new(schema)))
    }

    /// The mixing predictor of this crate.
    pub fn mixing(schema: Schema, level: Level) -> Self {
        Self::Model(Arc::new(MixingModel::best(schema, level)))
    }

    /// The columns predictor of this crate.
    pub fn columns(schema: Schema, level: columns::Level) -> Self {
        Self::Model(Arc::new(ColumnsModel::new(schema, level)))
    }
}

/// How to write a `.vxc` file.
#[derive(Clone)]
pub struct WriterOptions {
    /// The coder of the blocks, which includes the schema.
    pub coder: Coder,
    /// The model file to store in the `.vxc` file; it must be the file of the [`Coder::Model`].
    pub embed_model: Option<Arc<[u8]>>,
    /// The label of the member, for example the name of a stream if a file holds several.
    pub label: Option<String>,
    /// Bytes per block, rounded down to whole records, at least one record. [`MIN_BLOCK_BYTES`] to
    /// [`MAX_BLOCK_BYTES`].
    pub block_bytes: u32,
    /// Lanes per block; `None`: the choice of the model ([`Model::lanes`]). Never more than the
    /// records of the block.
    pub lanes: Option<u16>,
    /// Threads that code blocks; 0 is one for each core. The file does not depend on it.
    pub threads: usize,
    /// Blocks that a thread codes together; `None`: the choice of the model ([`Model::group`]). The
    /// file does not depend on it.
    pub group: Option<usize>,
    /// zstd level (1 to 22) for blocks that zstd makes smaller than the coder; `None`: never use
    /// zstd. The slow level is only tried on blocks for which a quick level comes close.
    pub zstd_level: Option<i32>,
    /// Write a [short member](super::constants::SHORT_VERSION) where the data fit in one: 64 bytes
    /// and the payload, in place of 192.
    pub short: bool,
    /// Decode and compare each block before it is written.
    pub verify: bool,
    /// Checked before each block, and inside the long blocks of the mixing predictor: if it is set,
    /// the writer stops with [`crate::ErrorKind::Cancelled`].
    pub cancel: Option<Arc<AtomicBool>>,
    /// Bounds the blocks that are coded at once together with other readers and writers.
    pub permits: Option<Arc<Permits>>,
}

impl WriterOptions {
    /// The defaults: blocks of 1 MiB, one thread, zstd level 12, no verification.
    pub fn new(coder: Coder) -> Self {
        Self {
            coder,
            embed_model: None,
            label: None,
            block_bytes: DEFAULT_BLOCK_BYTES,
            lanes: None,
            threads: 1,
            group: None,
            zstd_level: Some(DEFAULT_ZSTD_LEVEL),
            short: true,
            verify: false,
            cancel: None,
            permits: None,
        }
    }
}
