//! The loop over the regions of a block.

use super::advice::{Advice, Adviser};
use super::bits::Bits;
use super::block::Block;
use super::engine::{Engine, MAX_CONTEXTS, MAX_FORECASTS, MAX_INPUTS, Shape, Situation};
use super::matcher::Matcher;
use super::number_contexts::NumberContexts;
use super::numbers::Numbers;
use super::regions::{Content, Region};
use super::text_contexts::{TEXT_CLASSES, TEXT_CONTEXTS, TextContexts};
use crate::error::Result;

/// Number of roles: the classes of the previous byte in text, then the ranks of numbers of 1, 2, 4
/// and 8 bytes.
const ROLES: usize = TEXT_CLASSES + 15;

/// The regions and the state for coding them.
pub(super) struct Regions<'a, 'b> {
    pub regions: &'a [Region],
    pub contexts: usize,
    pub slots_log2: u32,
    pub block: Block<'a>,
    pub bits: &'a mut Bits<'b>,
    /// The network beside the contexts, if there is one; then all regions are text.
    pub adviser: Option<Adviser<'a>>,
    /// Called after each region with the number of bytes so far.
    pub after: &'a mut dyn FnMut(usize, &Bits<'b>),
}

impl Regions<'_, '_> {
    /// Codes the block with the best instructions there are. The one place that says so: the loop is compiled once for each.
    #[inline(never)]
    pub(super) fn code(self) -> Result<()> {
        pulp::Arch::new().dispatch(self)
    }
}

/// State that the parts of the loop share.
struct State<const ADVISED: bool> {
    engine: Engine<MAX_INPUTS, ADVISED>,
    matcher: Matcher,
    text: TextContexts,
    numbers: NumberContexts,
    situation: Situation,
}

impl pulp::NullaryFnOnce for Regions<'_, '_> {
    type Output = Result<()>;

    #[inline(always)]
    fn call(self) -> Result<()> {
        let shape = Shape {
            contexts: self.contexts,
            forecasts: MAX_FORECASTS,
            roles: ROLES,
            slots_log2: self.slots_log2,
        };
        if self.adviser.is_some() {
            self.run(Engine::<MAX_INPUTS, true>::new(shape))
        } else {
            self.run(Engine::<MAX_INPUTS, false>::new(shape))
        }
    }
}

impl Regions<'_, '_> {
    #[inline(always)]
    fn run<const ADVISED: bool>(self, engine: Engine<MAX_INPUTS, ADVISED>) -> Result<()> {
        let Self { regions, mut block, bits, mut adviser, after, .. } = self;
        let mut state = State {
            engine,
            matcher: Matcher::new(block.len()),
            text: TextContexts::new(),
            numbers: NumberContexts::new(),
            situation: Situation {
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
            },
        };
        let mut start = 0;
        for region in regions {
            let end = start + region.bytes;
            match region.content {
                Content::Bytes => {
                    bits.role(0);
                    state.situation.forecasts = None;
                    for at in start..end {
                        if let Some(adviser) = &mut adviser {
                            adviser.advise(&mut state.situation.advice)?;
                        }
                        let byte = state.code_byte(bits, block.bytes()[at]);
                        if let Some(adviser) = &mut adviser {
                            adviser.update(byte);
                        }
                        if let Block::Unknown(bytes) = &mut block {
                            bytes[at] = byte;
                        }
                        bits.check()?;
                    }
                }
                Content::Numbers(numbers) => {
                    state.numbers.change(numbers);
                    for at in (start..end).step_by(numbers.width) {
                        let number = state.code_number(bits, &numbers, block.bytes(), at);
                        if let Block::Unknown(bytes) = &mut block {
                            numbers.write(number, &mut bytes[at..at + numbers.width]);
                        }
                        bits.check()?;
                    }
                }
            }
            start = end;
            after(end, bits);
        }
        Ok(())
    }
}

impl<const ADVISED: bool> State<ADVISED> {
    /// Codes one byte of text and returns it.
    #[inline(always)]
    fn code_byte(&mut self, bits: &mut Bits<'_>, byte: u8) -> u8 {
        let Self { situation, matcher, text, .. } = self;
        text.contexts(&mut situation.contexts);
        situation.contexts[TEXT_CONTEXTS..].fill(0);
        situation.role = text.class();
        situation.class = text.class();
        situation.equal = 0;
        situation.expected = matcher.expected();
        situation.match_len = matcher.len();
        let byte = self.engine.code(bits, situation, byte);
        text.push(byte);
        matcher.push(byte, 0);
        byte
    }

    /// Codes the number at a place and returns it.
    #[inline(always)]
    fn code_number(&mut self, bits: &mut Bits<'_>, lie: &Numbers, bytes: &[u8], at: usize) -> u64 {
        let Self { situation, matcher, numbers, .. } = self;
        // In a decoder these bytes are not known yet and not used.
        let number = lie.at(bytes, at);
        numbers.begin(&bytes[..at]);
        situation.forecasts = Some(numbers.forecasts());
        let mut so_far = 0;
        for rank in 0..lie.width {
            let below = 8 * (lie.width - 1 - rank);
            let symbol = (number >> below).to_le_bytes()[0];
            bits.role(rank);
            if rank >= lie.width - lie.flat {
                let symbol = bits.code_flat(symbol);
                so_far = so_far << 8 | u64::from(symbol);
                // Copies of these numbers may follow, so the match must know them.
                matcher.push(symbol, 1 + rank);
                continue;
            }
            let repeats = numbers.contexts(rank, so_far, &mut situation.contexts);
            situation.equal = usize::from(repeats.last) * 2 + usize::from(repeats.far);
            situation.class = (16 + rank * 4 + situation.equal) % super::engine::CLASSES;
            // Ranks of 1, 2, 4 and 8 bytes begin at 0, 1, 3 and 7.
            situation.role = TEXT_CLASSES + lie.width - 1 + rank;
            situation.so_far = so_far;
            let unseen = i32::try_from(numbers.unseen_bits()).expect("0 or 8");
            situation.below = i32::try_from(below).expect("at most 56") - unseen;
            situation.expected = matcher.expected();
            situation.match_len = matcher.len();
            let symbol = self.engine.code(bits, situation, symbol);
            so_far = so_far << 8 | u64::from(symbol);
            matcher.push(symbol, 1 + rank);
        }
        numbers.end(so_far);
        so_far
    }
}
