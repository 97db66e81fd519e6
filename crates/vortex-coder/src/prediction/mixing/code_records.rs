//! The loop over the records of a block.

use super::advice::{Advice, Adviser};
use super::bits::Bits;
use super::block::Block;
use super::engine::{Engine, MAX_CONTEXTS, MAX_INPUTS, Shape, Situation};
use super::matcher::Matcher;
use super::mixer::LANES;
use super::record_contexts::{Partners, RecordContexts};
use crate::error::Result;
use crate::layout::RecordLayout;

/// The records and the state for coding them.
pub(super) struct Records<'a, 'b> {
    pub layout: &'a RecordLayout,
    pub flat: &'a [bool],
    pub partners: &'a Partners,
    pub contexts: usize,
    pub slots_log2: u32,
    pub block: Block<'a>,
    pub bits: &'a mut Bits<'b>,
    /// The network beside the contexts, if there is one.
    pub adviser: Option<Adviser<'a>>,
    /// Called after each record with the number of bytes so far.
    pub after: &'a mut dyn FnMut(usize, &Bits<'b>),
}

impl Records<'_, '_> {
    /// Codes the block with the best instructions there are. The one place that says so: the loop is compiled once for each.
    #[inline(never)]
    pub(super) fn code(self) -> Result<()> {
        pulp::Arch::new().dispatch(self)
    }
}

impl pulp::NullaryFnOnce for Records<'_, '_> {
    type Output = Result<()>;

    #[inline(always)]
    fn call(self) -> Result<()> {
        let roles = self.layout.roles().len();
        let Self { contexts, slots_log2, .. } = self;
        let shape = Shape { contexts, forecasts: 0, roles, slots_log2 };
        let advised = self.adviser.is_some();
        match (advised, shape.inputs(advised) <= LANES) {
            (false, true) => self.run(Engine::<LANES, false>::new(shape)),
            (false, false) => self.run(Engine::<MAX_INPUTS, false>::new(shape)),
            (true, true) => self.run(Engine::<LANES, true>::new(shape)),
            (true, false) => self.run(Engine::<MAX_INPUTS, true>::new(shape)),
        }
    }
}

impl Records<'_, '_> {
    #[inline(always)]
    fn run<const N: usize, const ADVISED: bool>(
        self,
        mut engine: Engine<N, ADVISED>,
    ) -> Result<()> {
        let Self { layout, flat, partners, mut block, bits, mut adviser, after, .. } = self;
        let roles = layout.roles();
        let modelled = flat.iter().filter(|flat| !**flat).count();
        let mut matcher = Matcher::new(block.len() / roles.len() * modelled);
        let mut seen = RecordContexts::new(layout, partners);
        let mut symbols = vec![0; roles.len()];
        let mut situation = Situation {
            contexts: [0; MAX_CONTEXTS],
            role: 0,
            class: 0,
            equal: 0,
            expected: None,
            match_len: 0,
            forecasts: None,
            so_far: 0,
            below: 0,
            advice: Advice::NONE,
        };
        for record in 0..block.len() / layout.stride() {
            if let Block::Known(bytes) = &block {
                let (before, now) = around(layout, bytes, record);
                layout.to_symbols(before, now, &mut symbols);
            }
            for (role, symbol) in symbols.iter_mut().enumerate() {
                bits.role(role);
                let rank = roles[role].rank;
                if rank == 0 {
                    seen.begin_field(roles[role].field.into());
                }
                if let Some(adviser) = &mut adviser {
                    adviser.advise(&mut situation.advice)?;
                }
                if flat[role] {
                    *symbol = bits.code_flat(*symbol);
                } else {
                    let repeats = seen.contexts(role, &mut situation.contexts);
                    situation.equal = usize::from(repeats.one_up) * 2 + usize::from(repeats.two_up);
                    situation.class = usize::from(rank) * 4 + situation.equal;
                    situation.role = role;
                    situation.expected = matcher.expected();
                    situation.match_len = matcher.len();
                    *symbol = engine.code(bits, &situation, *symbol);
                    matcher.push(*symbol, role);
                }
                seen.set(role, *symbol);
                if let Some(adviser) = &mut adviser {
                    adviser.update(*symbol);
                }
            }
            seen.next_record();
            if let Block::Unknown(bytes) = &mut block {
                let stride = layout.stride();
                let (behind, rest) = bytes.split_at_mut(record * stride);
                let before = behind.rchunks_exact(stride).next();
                layout.to_record(before, &symbols, &mut rest[..stride]);
            }
            bits.check()?;
            after((record + 1) * layout.stride(), bits);
        }
        Ok(())
    }
}

/// A record and the previous one.
fn around<'a>(
    layout: &RecordLayout,
    bytes: &'a [u8],
    record: usize,
) -> (Option<&'a [u8]>, &'a [u8]) {
    let stride = layout.stride();
    let (behind, rest) = bytes.split_at(record * stride);
    (behind.rchunks_exact(stride).next(), &rest[..stride])
}
