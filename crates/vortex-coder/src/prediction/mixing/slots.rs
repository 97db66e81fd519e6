//! The state of hashed contexts: half a cache line for each context and nibble.

use super::engine::MAX_CONTEXTS;
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
    nodes: Vec<Node>,
    /// Index of the start of the first line.
    start: usize,
    shift: u32,
}

impl Slots {
    /// `2^log2` slots of 32 bytes.
    pub(super) fn new(log2: u32) -> Self {
        let nodes = vec![0; (NODES << log2) + LINE];
        let start = nodes.as_ptr().align_offset(LINE_BYTES).min(LINE);
        Self { nodes, start, shift: 65 - log2 }
    }

    /// The places of the contexts' slots for the nibble that begins at `node`; a slot of another
    /// context is cleared.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)] // parts of a hash
    pub(super) fn find(&mut self, contexts: &[u32], node: usize, places: &mut [u32]) {
        let salt = (node as u32).wrapping_mul(0x2545_f491);
        let (lines, _) = self.nodes[self.start..].as_chunks_mut::<LINE>();
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

    #[inline(always)]
    pub(super) fn node(&self, place: u32, leaf: usize) -> Node {
        self.nodes[place as usize + leaf]
    }

    #[inline(always)]
    pub(super) fn set(&mut self, place: u32, leaf: usize, node: Node) {
        self.nodes[place as usize + leaf] = node;
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
        slots.set(first, 0, 12 << 12);
        for other in 100..400 {
            slots.find(&[other], 1, &mut places);
            slots.set(places[0], 0, 1 << 12);
        }
        slots.find(&[5], 1, &mut places);
        assert_eq!((places[0], slots.node(places[0], 0)), (first, 12 << 12));
        slots.find(&[5], 17, &mut places);
        assert_eq!(slots.node(places[0], 0), 0);
    }
}
