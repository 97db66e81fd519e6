//! What was seen in hashed contexts: one cache line for a context and a nibble.

use super::engine::MAX_CONTEXTS;

/// Nodes of the tree of a nibble: 1 + 2 + 4 + 8; the place after them holds [`Slot::check`].
const NODES: usize = 16;
const CHECK: usize = 15;

/// Four binary decisions after one context.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Slot {
    /// Probability of a 1 in the upper 22 bits, decisions seen in the lower 10.
    nodes: [u32; NODES],
}

impl Slot {
    /// An empty slot of the context with this check.
    fn empty(check: u32) -> Self {
        let mut nodes = [1 << 31; NODES];
        nodes[CHECK] = check;
        Self { nodes }
    }

    /// Part of the context's hash, to tell contexts in the same place apart.
    #[inline(always)]
    fn check(&self) -> u32 {
        self.nodes[CHECK]
    }
}

/// The two slots that a context may have, and the check that it has in its own.
#[derive(Clone, Copy, Default)]
struct Found {
    check: u32,
    checks: [u32; 2],
    seen: [u32; 2],
}

/// A fixed number of slots, found by hash; those with fewer decisions give way.
pub(super) struct Slots {
    slots: Vec<Slot>,
    shift: u32,
}

impl Slots {
    /// `2^log2` slots of 64 bytes.
    pub(super) fn new(log2: u32) -> Self {
        Self { slots: vec![Slot::empty(0); 1 << log2], shift: 64 - log2 }
    }

    /// The places of the contexts' slots for the nibble that begins at `node`; made empty where they are not
    /// there.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)] // parts of a hash
    pub(super) fn find(&mut self, contexts: &[u32], node: usize, places: &mut [u32]) {
        let salt = (node as u32).wrapping_mul(0x2545_f491);
        // All cache lines are asked for before a decision waits for the first one.
        let mut found = [Found::default(); MAX_CONTEXTS];
        for ((place, found), context) in places.iter_mut().zip(&mut found).zip(contexts) {
            let spread = u64::from(context.wrapping_add(salt)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            *place = (spread >> self.shift) as u32;
            let two = [*place, *place ^ 1].map(|place| &self.slots[place as usize]);
            *found = Found {
                check: (spread >> 24) as u32 & 0xffff | 1,
                checks: two.map(Slot::check),
                seen: two.map(|slot| slot.nodes[0] & 1023),
            };
        }
        for (place, found) in places.iter_mut().zip(&found) {
            let Found { check, checks: [first, second], seen } = *found;
            let other = (first != check) & ((second == check) | (seen[1] < seen[0]));
            *place ^= u32::from(other);
            let slot = &mut self.slots[*place as usize];
            // Without a jump, which would often be foreseen wrongly.
            let keep = slot.check() == check;
            let empty = Slot::empty(check);
            for (node, empty) in slot.nodes.iter_mut().zip(empty.nodes) {
                *node = if keep { *node } else { empty };
            }
        }
    }

    #[inline(always)]
    pub(super) fn node(&self, place: u32, leaf: usize) -> u32 {
        self.slots[place as usize].nodes[leaf & (NODES - 1)]
    }

    #[inline(always)]
    pub(super) fn set(&mut self, place: u32, leaf: usize, node: u32) {
        self.slots[place as usize].nodes[leaf & (NODES - 1)] = node;
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
        slots.set(first, 0, 1 << 31 | 100);
        for other in 100..400 {
            slots.find(&[other], 1, &mut places);
            slots.set(places[0], 0, 1 << 31 | 1);
        }
        slots.find(&[5], 1, &mut places);
        assert_eq!((places[0], slots.node(places[0], 0)), (first, 1 << 31 | 100));
        slots.find(&[5], 17, &mut places);
        assert_eq!(slots.node(places[0], 0) & 1023, 0);
    }
}
