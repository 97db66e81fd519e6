//! Uses predictors of lanes as coders of blocks.

use crate::codec::{decode_group, encode_group, measure_group};
use crate::error::Result;
use crate::layout::RecordLayout;
use crate::model::{BlockCoder, BlockPayload, BlockRecords};
use crate::predictor::Predictor;

/// Codes blocks with a [`Predictor`] through the loop of [`crate::codec`].
pub struct LaneCoder<'a> {
    layout: &'a RecordLayout,
    predictor: Box<dyn Predictor + 'a>,
}

impl<'a> LaneCoder<'a> {
    /// A coder of records of this layout.
    pub fn new(layout: &'a RecordLayout, predictor: Box<dyn Predictor + 'a>) -> Self {
        Self { layout, predictor }
    }
}

impl BlockCoder for LaneCoder<'_> {
    fn encode(&mut self, group: &[BlockRecords<'_>]) -> Result<Vec<Vec<u8>>> {
        encode_group(&mut *self.predictor, self.layout, group)
    }

    fn decode(&mut self, group: &mut [BlockPayload<'_>]) -> Vec<Result<()>> {
        decode_group(&mut *self.predictor, self.layout, group)
    }

    fn measure(&mut self, group: &[BlockRecords<'_>]) -> Result<Vec<Vec<u64>>> {
        measure_group(&mut *self.predictor, self.layout, group)
    }
}
