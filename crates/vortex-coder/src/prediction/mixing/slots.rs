//! What was seen in hashed contexts: one cache line for a context and a nibble.

/// Nodes of the tree of a nibble: 1 + 2 + 4 + 8.
const NODES: usize = 15;

/// Four binary decisions after one context. Node `i` of the tree has the children `2 i` and `2 i + 1`, from 1.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Slot {
    /// Probability of a 1 in the upper 22 bits, decisions seen in the lower 10.
    pub nodes: [u32; NODES],
    /// Part of the context's hash, to tell contexts in the same place apart.
    check: u16,
}

const EMPTY: Slot = Slot { nodes: [1 << 31; NODES], check: 0 };

/// A fixed number of slots, found by hash; those with few decisions give way.
pub(super) struct Slots {
    slots: Vec<Slot>,
    shift: u32,
}

impl Slots {
    /// `2^log2` slots of 64 bytes.
    pub(super) fn new(log2: u32) -> Self {
        Self { slots: vec![EMPTY; 1 << log2], shift: 64 - log2 }
    }

    pub(super) fn clear(&mut self) {
        self.slots.fill(EMPTY);
    }

    /// The indices of the contexts' slots, made empty where they are not there.
    #[inline(always)]
    pub(super) fn find(&mut self, contexts: &[u32], salt: u32, places: &mut [u32]) {
        // All cache lines are asked for before any decision waits for one.
        let mut checks = [(0u16, 0u16); super::engine::MAX_CONTEXTS];
        for ((place, check), &context) in places.iter_mut().zip(&mut checks).zip(contexts) {
            let spread = u64::from(context.wrapping_add(salt)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let index = (spread >> self.shift) as u32;
            *place = index;
            *check = ((spread >> 24) as u16 | 1, self.slots[index as usize].check);
        }
        for (place, &(check, found)) in places.iter_mut().zip(&checks) {
            if found == check { continue; }
            let (a, b) = (&self.slots[*place as usize], &self.slots[(*place ^ 1) as usize]);
            let second = (b.check == check) | (b.nodes[0] & 1023 < a.nodes[0] & 1023);
            *place ^= u32::from(second);
            let slot = &mut self.slots[*place as usize];
            if slot.check != check {
                *slot = Slot { check, ..EMPTY };
            }
        }
    }

    #[inline(always)]
    pub(super) fn get(&self, index: u32) -> &Slot {
        &self.slots[index as usize]
    }

    #[inline(always)]
    pub(super) fn get_mut(&mut self, index: u32) -> &mut Slot {
        &mut self.slots[index as usize]
    }
}
