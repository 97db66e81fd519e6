//! The interface of the mixing predictor to the container.

use super::advice::Adviser;
use super::bits::{Bits, Cost};
use super::block::Block;
use super::code_records::Records;
use super::code_regions::Regions;
use super::level::Level;
use super::look;
use super::plan::{Kinds, Plan, Reading};
use crate::error::Result;
use crate::identity::Identity;
use crate::layout::RecordLayout;
use crate::model::{BlockCoder, BlockPayload, BlockRecords, Model, check_one_lane};
use crate::predictor::Predictor;
use crate::range::{RangeDecoder, RangeEncoder};
use crate::schema::Schema;

/// The mixing predictor for records of a schema; for [`Schema::bytes`], it searches for text and
/// numbers itself.
#[derive(Clone, Debug)]
pub struct MixingModel {
    layout: RecordLayout,
    level: Level,
    kinds: Kinds,
}

impl MixingModel {
    /// The predictor for records of this schema. Only encoders use the level.
    pub fn new(schema: Schema, level: Level) -> Self {
        Self { layout: RecordLayout::new(schema), level, kinds: Kinds::Records }
    }

    /// The predictor for arrays, whose records are one number: a block is read as records, or as
    /// numbers with rows and planes. Only encoders use the level.
    pub fn of_array(schema: Schema, level: Level) -> Self {
        Self { kinds: Kinds::Arrays, ..Self::new(schema, level) }
    }

    /// The predictor for arrays where records are one number, otherwise the one for records.
    pub fn best(schema: Schema, level: Level) -> Self {
        match schema.fields() {
            [_] if schema.stride() > 1 => Self::of_array(schema, level),
            _ => Self::new(schema, level),
        }
    }
}

impl Model for MixingModel {
    fn identity(&self) -> Identity {
        match self.kinds {
            Kinds::Arrays => Identity::MixingArray,
            _ => Identity::Mixing,
        }
    }

    fn layout(&self) -> &RecordLayout {
        &self.layout
    }

    fn coder(&self) -> Box<dyn BlockCoder + '_> {
        Box::new(MixingCoder::new(&self.layout, self.level, self.kinds))
    }

    /// Always 1, because each decision depends on all earlier ones.
    fn lanes(&self, _block_bytes: usize) -> usize {
        1
    }
}

/// Codes blocks with contexts, and perhaps a network beside them.
pub(super) struct MixingCoder<'a> {
    layout: &'a RecordLayout,
    level: Level,
    kinds: Kinds,
    network: Option<Box<dyn Predictor + 'a>>,
}

impl<'a> MixingCoder<'a> {
    fn new(layout: &'a RecordLayout, level: Level, kinds: Kinds) -> Self {
        Self { layout, level, kinds, network: None }
    }

    pub(super) fn beside(
        layout: &'a RecordLayout,
        level: Level,
        network: Box<dyn Predictor + 'a>,
    ) -> Self {
        Self { layout, level, kinds: Kinds::BesideNetwork, network: Some(network) }
    }

    fn check(&self, bytes: usize, lanes: usize) -> Result<()> {
        check_one_lane("mixing", self.layout, bytes, lanes)
    }

    fn run(&mut self, plan: &Plan, block: Block<'_>, bits: &mut Bits<'_>) -> Result<()> {
        #[allow(clippy::redundant_closure)] // it shortens the lifetime of the predictor
        let adviser = self.network.as_deref_mut().map(|network| Adviser::begin(network));
        code(self.layout, plan, block, bits, adviser, &mut |_, _| {})
    }

    fn plan(&mut self, block: &BlockRecords<'_>) -> Result<Plan> {
        self.check(block.bytes.len(), block.lanes)?;
        match self.network.as_deref_mut() {
            None if self.kinds == Kinds::Arrays => {
                look::plan_array(self.level, self.layout, block.bytes)
            }
            None => look::plan(self.level, self.layout, block.bytes),
            Some(network) => look::plan_mixed(self.level, self.layout, network, block.bytes),
        }
    }

    fn encode_block(&mut self, block: &BlockRecords<'_>) -> Result<Vec<u8>> {
        let plan = self.plan(block)?;
        let mut payload = Vec::new();
        plan.write_to(&mut payload);
        let mut bits = Bits::Write(RangeEncoder::with_capacity(block.bytes.len() / 4));
        self.run(&plan, Block::Known(block.bytes), &mut bits)?;
        let Bits::Write(encoder) = bits else { unreachable!("as it was made") };
        payload.extend(encoder.finish());
        Ok(payload)
    }

    fn decode_block(&mut self, block: &mut BlockPayload<'_>) -> Result<()> {
        self.check(block.out.len(), block.lanes)?;
        let mut payload = block.payload;
        let plan = Plan::read_from(&mut payload, self.layout, block.out.len(), self.kinds)?;
        let mut bits = Bits::Read(RangeDecoder::new(payload));
        self.run(&plan, Block::Unknown(block.out), &mut bits)?;
        let Bits::Read(decoder) = bits else { unreachable!("as it was made") };
        decoder.finish()
    }

    fn measure_block(&mut self, block: &BlockRecords<'_>) -> Result<Vec<u64>> {
        let plan = self.plan(block)?;
        let mut bits = Bits::Weigh(Cost::new(self.layout.roles().len()));
        self.run(&plan, Block::Known(block.bytes), &mut bits)?;
        let Bits::Weigh(cost) = bits else { unreachable!("as it was made") };
        Ok(cost.into_roles())
    }
}

/// Codes a block as its plan says. `after` is called now and then with the number of bytes so far: after each record, or
/// after each region.
pub(super) fn code<'a, 'b>(
    layout: &'a RecordLayout,
    plan: &'a Plan,
    block: Block<'a>,
    bits: &'a mut Bits<'b>,
    adviser: Option<Adviser<'a>>,
    after: &'a mut dyn FnMut(usize, &Bits<'b>),
) -> Result<()> {
    let &Plan { slots_log2, contexts, .. } = plan;
    match &plan.reading {
        Reading::Records { flat, partners } => {
            Records { layout, flat, partners, contexts, slots_log2, block, bits, adviser, after }
                .code()
        }
        Reading::Regions(regions) => {
            Regions { regions, contexts, slots_log2, block, bits, adviser, after }.code()
        }
    }
}

impl BlockCoder for MixingCoder<'_> {
    fn encode(&mut self, group: &[BlockRecords<'_>]) -> Result<Vec<Vec<u8>>> {
        group.iter().map(|block| self.encode_block(block)).collect()
    }

    fn decode(&mut self, group: &mut [BlockPayload<'_>]) -> Vec<Result<()>> {
        group.iter_mut().map(|block| self.decode_block(block)).collect()
    }

    fn measure(&mut self, group: &[BlockRecords<'_>]) -> Result<Vec<Vec<u64>>> {
        group.iter().map(|block| self.measure_block(block)).collect()
    }
}
