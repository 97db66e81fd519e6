//! The state of hashed contexts: half a cache line for each context and nibble.

use super::engine::MAX_CONTEXTS;
use super::memory::Memory;
use super::node::{self, Node};

/// Size of a slot: the nodes of a nibble's tree, 1 + 2 + 4 + 8, and then the check, a part of the
/// context's hash that distinguishes contexts in the same place.
const NODES: usize = 16;
const CHECK: usize = 15;
/// The two possible slots of a context are in one cache line.
const LINE_BYTES: usize = 64;
const LINE: usize = 2 * NODES;

/// The checks and the levels of a line, and the check of a context.
#[derive(Clone, Copy, Default)]
struct Found {
    check: u16,
    checks: [u16; 2],
    levels: [u16; 2],
}

/// A fixed number of slots, found by hash; slots with fewer decisions are replaced.
pub(super) struct Slots {
    memory: Memory,
    /// Index of the start of the first line.
    start: usize,
    shift: u32,
}

impl Slots {
    /// `2^log2` slots of 32 bytes.
    pub(super) fn new(log2: u32) -> Self {
        let memory = Memory::new((NODES << log2) + LINE);
        let start = memory.nodes().as_ptr().align_offset(LINE_BYTES).min(LINE);
        Self { memory, start, shift: 65 - log2 }
    }

    /// The places of the contexts' slots for the nibble that begins at `node`; a slot of another
    /// context is cleared.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)] // parts of a hash
    pub(super) fn find(&mut self, contexts: &[u32], node: usize, places: &mut [u32]) {
        let salt = (node as u32).wrapping_mul(0x2545_f491);
        let (lines, _) = self.memory.nodes_mut()[self.start..].as_chunks_mut::<LINE>();
        // Request all cache lines before a decision waits for the first one.
        let mut found = [Found::default(); MAX_CONTEXTS];
        for ((place, found), context) in places.iter_mut().zip(&mut found).zip(contexts) {
            let spread = u64::from(context.wrapping_add(salt)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            *place = (spread >> self.shift) as u32;
            let line = &lines[*place as usize];
            *found = Found {
                check: (spread >> 16) as u16 | 1,
                checks: [line[CHECK], line[NODES + CHECK]],
                levels: [node::level(line[0]), node::level(line[NODES])],
            };
        }
        for (place, found) in places.iter_mut().zip(&found) {
            let Found { check, checks: [first, second], levels } = *found;
            let other = (first != check) & ((second == check) | (levels[1] < levels[0]));
            let slot = &mut lines[*place as usize].as_chunks_mut::<NODES>().0[usize::from(other)];
            *place = (*place << 1 | u32::from(other)) * NODES as u32 + self.start as u32;
            // No branch, because it would often be mispredicted.
            let keep = if slot[CHECK] == check { u16::MAX } else { 0 };
            *slot = slot.map(|node| node & keep);
            slot[CHECK] = check;
        }
    }

    /// The nodes of a decision in the slots at these places.
    #[inline(always)]
    pub(super) fn read(&self, places: &[u32], leaf: usize, nodes: &mut [Node]) {
        let memory = self.memory.nodes();
        for (&place, node) in places.iter().zip(nodes) {
            *node = memory[place as usize + leaf];
        }
    }

    /// Replaces the nodes of a decision.
    #[inline(always)]
    pub(super) fn write(&mut self, places: &[u32], leaf: usize, nodes: &[Node]) {
        let memory = self.memory.nodes_mut();
        for (&place, &node) in places.iter().zip(nodes) {
            memory[place as usize + leaf] = node;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_found_again_and_the_busier_one_stays() {
        let mut slots = Slots::new(4);
        let mut places = [0; 1];
        slots.find(&[5], 1, &mut places);
        let first = places[0];
        slots.write(&[first], 0, &[12 << 12]);
        for other in 100..400 {
            slots.find(&[other], 1, &mut places);
            slots.write(&places, 0, &[1 << 12]);
        }
        slots.find(&[5], 1, &mut places);
        let mut nodes = [0; 1];
        slots.read(&places, 0, &mut nodes);
        assert_eq!((places[0], nodes[0]), (first, 12 << 12));
        slots.find(&[5], 17, &mut places);
        slots.read(&places, 0, &mut nodes);
        assert_eq!(nodes[0], 0);
    }
}
