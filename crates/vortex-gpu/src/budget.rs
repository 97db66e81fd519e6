//! How many steps a launch may have.
//!
//! A launch must end soon: drivers end those that take seconds, and Mesa's software driver silently ends all
//! loops of an invocation after 65,535 turns in total. So the turns of the loops of a unit are counted here; the kernel
//! shows that none was cut off, see `finished` in `steps.rs`.

use crate::kernel::GROUP;
use crate::operation::{ATTEND, EMBED_SYMBOL, EMBED_TOKEN, Operation, REPEAT};
use crate::shape::Shape;

/// Turns that a launch may have where they are limited: with those that are not counted here, below 65,535.
pub const FEW_TURNS: u64 = 45_000;
/// Where only the time is limited.
pub const MANY_TURNS: u64 = 1 << 20;

/// The turns of the loops of a unit, for one group of lanes.
#[derive(Clone, Copy, Debug)]
pub struct Turns {
    token: u64,
    segment_end: u64,
    symbol: u64,
}

impl Turns {
    /// Counts them, from above.
    pub fn new(shape: &Shape, operations: &[Operation]) -> Self {
        let (token, symbol) = operations.split_at(shape.tables.token_operations);
        let (mut each, mut at_end) = (0, 0);
        for pair in token.windows(2) {
            // A token that is kept costs the operation that recalls it and the one that repeats.
            if pair[1].after == REPEAT {
                let slot = shape.of_operation(&pair[0])
                    + shape.of_operation(&pair[1])
                    + shape.tasks(shape.d / 4);
                at_end += shape.of_choice() + shape.memory.keep * slot;
            }
        }
        let kept = |op: &Operation| op.after != REPEAT && op.before != crate::operation::RECALL;
        each += token.iter().filter(|op| kept(op)).map(|op| shape.of_operation(op)).sum::<usize>();
        let symbol = symbol.iter().map(|op| shape.of_operation(op)).sum::<usize>();
        Self {
            token: each as u64,
            segment_end: at_end as u64,
            symbol: (symbol + shape.of_distribution()) as u64,
        }
    }

    /// Those of one step.
    pub fn of_step(&self, is_token: bool, ends_segment: bool) -> u64 {
        self.symbol
            + if is_token { self.token } else { 0 }
            + if ends_segment { self.segment_end } else { 0 }
    }
}

impl Shape {
    /// Turns of a loop over tasks that the units share, so many for each lane.
    fn tasks(&self, of_lane: usize) -> usize {
        (self.lanes * of_lane).div_ceil(self.units) + 1
    }

    fn of_operation(&self, op: &Operation) -> usize {
        let parts = self.units / self.lanes;
        let mut turns = (self.lanes / GROUP * (op.n_out / 4 - op.first)).div_ceil(self.units) + 1;
        turns *= op.n_in / 4 + 2;
        if op.numerator > 0 {
            turns += op.width / parts + parts + 36 + self.tasks(op.width / 4);
        }
        turns += match op.before {
            EMBED_TOKEN => self.tasks(self.d / 4) * 20,
            EMBED_SYMBOL => self.tasks(self.e / 4) * 10 + 10 + self.e / 4,
            _ => 0,
        };
        if op.after == ATTEND {
            turns += self.of_attention(self.window) + self.tasks(self.d / 4);
            turns += self.of_attention(self.memory.slots);
        }
        turns + 2
    }

    fn of_attention(&self, used: usize) -> usize {
        let parts = (self.units / (self.lanes * self.heads)).max(1);
        2 * used.div_ceil(parts) + parts + 4 + self.tasks(self.attention / 4) * (used + parts + 2)
    }

    fn of_choice(&self) -> usize {
        let score = self.d / 4 * (self.memory.kernel + 2);
        self.tasks(self.segment) * (score + 2 * self.segment + 4)
    }

    fn of_distribution(&self) -> usize {
        let parts = self.units / self.lanes;
        4 * (256 / parts + 1) + 3 * (parts + 1) + self.lanes * 10 + self.tasks(256) + 8
    }
}
