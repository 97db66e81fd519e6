//! The columns predictor as the container sees it.

use zstd::bulk::{Compressor, Decompressor};

use super::level::Level;
use super::{decode, encode};
use crate::error::Result;
use crate::identity::Identity;
use crate::layout::RecordLayout;
use crate::model::{BlockCoder, BlockPayload, BlockRecords, Model, check_one_lane};
use crate::schema::Schema;

/// The columns predictor for records of a schema.
#[derive(Clone, Debug)]
pub struct ColumnsModel {
    layout: RecordLayout,
    level: Level,
}

impl ColumnsModel {
    /// The predictor for records like these. The level matters to encoders only.
    pub fn new(schema: Schema, level: Level) -> Self {
        Self { layout: RecordLayout::new(schema), level }
    }
}

impl Model for ColumnsModel {
    fn identity(&self) -> Identity {
        Identity::Columns
    }

    fn layout(&self) -> &RecordLayout {
        &self.layout
    }

    fn coder(&self) -> Box<dyn BlockCoder + '_> {
        let coder =
            ColumnsCoder { layout: &self.layout, level: self.level, zstd: None, back: None };
        Box::new(coder)
    }

    /// The records of a block follow each other.
    fn lanes(&self, _block_bytes: usize) -> usize {
        1
    }
}

struct ColumnsCoder<'a> {
    layout: &'a RecordLayout,
    level: Level,
    zstd: Option<Compressor<'static>>,
    back: Option<Decompressor<'static>>,
}

impl ColumnsCoder<'_> {
    fn check(&self, bytes: usize, lanes: usize) -> Result<()> {
        check_one_lane("columns", self.layout, bytes, lanes)
    }

    fn columns(&mut self, block: &BlockRecords<'_>) -> Result<encode::Columns> {
        self.check(block.bytes.len(), block.lanes)?;
        let zstd = match &mut self.zstd {
            Some(zstd) => zstd,
            none => none.insert(Compressor::new(self.level.zstd_of_columns())?),
        };
        encode::encode(self.layout, self.level, zstd, block.bytes)
    }

    fn decode_block(&mut self, block: &mut BlockPayload<'_>) -> Result<()> {
        self.check(block.out.len(), block.lanes)?;
        let zstd = match &mut self.back {
            Some(zstd) => zstd,
            none => none.insert(Decompressor::new()?),
        };
        decode::decode(self.layout, block.payload, zstd, block.out)
    }
}

impl BlockCoder for ColumnsCoder<'_> {
    fn encode(&mut self, group: &[BlockRecords<'_>]) -> Result<Vec<Vec<u8>>> {
        group.iter().map(|block| Ok(self.columns(block)?.payload())).collect()
    }

    fn decode(&mut self, group: &mut [BlockPayload<'_>]) -> Vec<Result<()>> {
        group.iter_mut().map(|block| self.decode_block(block)).collect()
    }

    fn measure(&mut self, group: &[BlockRecords<'_>]) -> Result<Vec<Vec<u64>>> {
        let layout = self.layout;
        group.iter().map(|block| Ok(self.columns(block)?.costs(layout))).collect()
    }
}
