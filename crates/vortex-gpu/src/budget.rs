//! How many steps a launch may have.
//!
//! A launch must end soon: drivers end those that take seconds, and Mesa's software driver silently ends all
//! loops of an invocation after 65,535 turns in total. So the turns of the loops of a unit are counted here; the kernel
//! shows that none was cut off, see `finished` in `steps.rs`.

use crate::kernel::GROUP;
use crate::shape::{Matrix, Shape};

/// Turns that a launch may have where they are limited: with the turns that are not counted here, below 65,535.
pub const FEW_TURNS: u64 = 45_000;
/// Where only the time is limited.
pub const MANY_TURNS: u64 = 1 << 20;

impl Shape {
    /// Turns of a loop over tasks that the units share.
    fn tasks(&self, n: usize) -> usize {
        n.div_ceil(self.units) + 1
    }

    fn norm_turns(&self, width: usize) -> usize {
        let parts = self.units / self.lanes;
        width / parts + parts + 36 + self.tasks(self.lanes * width / 4)
    }

    fn linear_turns(&self, m: Matrix) -> usize {
        self.tasks(m.n_out / 4 * self.lanes / GROUP) * (m.n_in / 4 + 2)
    }

    /// Its units have half as many lanes, and two products.
    fn gated_turns(&self, gate: Matrix) -> usize {
        self.tasks(gate.n_out / 2 * self.lanes / GROUP) * 2 * (gate.n_in / 4 + 2)
    }

    fn attend_turns(&self, used: usize) -> usize {
        let parts = (self.units / (self.lanes * self.heads)).max(1);
        let tasks = self.tasks(self.lanes * self.attention / 4);
        2 * used.div_ceil(parts) + parts + 4 + tasks * (used + parts + 2)
    }

    fn token_turns(&self) -> usize {
        let memory = match self.memory.slots {
            0 => 0,
            slots => {
                self.attend_turns(slots)
                    + 3 * self.tasks(self.lanes * self.attention / 4)
                    + self.tasks(self.lanes * self.d / 4)
            }
        };
        let layer = 2 * self.norm_turns(self.d)
            + self.linear_turns(self.query_key_value)
            + self.attend_turns(self.window)
            + self.tasks(self.lanes * self.attention / 4)
            + self.linear_turns(self.output)
            + self.gated_turns(self.feed_forward.gate)
            + self.linear_turns(self.feed_forward.down)
            + memory
            + 2;
        let embedding = self.tasks(self.lanes * self.d / 4) * 18;
        embedding
            + self.layers * layer
            + self.norm_turns(self.d)
            + self.linear_turns(self.head_input)
    }

    fn segment_end_turns(&self) -> usize {
        if self.memory.slots == 0 {
            return 0;
        }
        let tasks = self.tasks(self.lanes * self.segment);
        let score = self.d / 4 * (self.memory.kernel + 2);
        let slot = self.tasks(self.lanes * self.d / 4)
            + self.linear_turns(self.memory.proj)
            + self.norm_turns(self.d)
            + self.linear_turns(self.query_key_value)
            + 2;
        self.layers * (tasks * (score + 2 * self.segment + 4) + self.memory.keep * slot)
    }

    fn symbol_turns(&self) -> usize {
        let parts = self.units / self.lanes;
        let each = 256 / parts;
        let embedding = self.tasks(self.lanes * self.e / 4) * 10 + 8;
        let frequencies = 4 * (each + 1) + 3 * (parts + 1);
        let decode = self.lanes * 10 + self.tasks(self.lanes * 256);
        embedding
            + 2 * self.norm_turns(self.e)
            + self.gated_turns(self.head_feed_forward.gate)
            + self.linear_turns(self.head_feed_forward.down)
            + self.e / 4
            + self.linear_turns(self.logits)
            + frequencies
            + decode
            + 8
    }

    /// Turns of the loops of a unit in the step of symbol `step` of the lanes, with `tiles` groups of
    /// lanes, at most. `first_role[role]` is whether a role is the first of its field.
    pub fn turns(&self, step: usize, tiles: usize, field_of_first_role: &[Option<u16>]) -> u64 {
        let (record, role) = (step / self.roles, step % self.roles);
        let mut turns = self.symbol_turns();
        if let Some(field) = field_of_first_role[role] {
            turns += self.token_turns();
            let token = record * self.fields + usize::from(field);
            if token % self.segment + 1 == self.segment {
                turns += self.segment_end_turns();
            }
        }
        (turns * tiles + 1) as u64
    }

    /// The turns of the longest possible step.
    pub fn most_turns(&self) -> u64 {
        (self.token_turns() + self.segment_end_turns() + self.symbol_turns() + 1) as u64
    }
}
