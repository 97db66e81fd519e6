//! Counts of the symbols seen in hashed contexts: one cache line each.

/// Symbols a slot can hold.
const ENTRIES: usize = 28;
/// log2 of the number of slots: 4 MiB.
const SLOTS_LOG2: u32 = 16;
/// Weight of one occurrence; a symbol that occurs only once is removed at the second halving.
const STEP: u8 = 2;

/// The symbols seen in one context, most frequent ones first.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Slot {
    /// Part of the context's hash, which distinguishes contexts in the same place.
    check: u16,
    total: u16,
    len: u8,
    symbols: [u8; ENTRIES],
    counts: [u8; ENTRIES],
}

const EMPTY: Slot =
    Slot { check: 0, total: 0, len: 0, symbols: [0; ENTRIES], counts: [0; ENTRIES] };

impl Slot {
    /// Symbols and their counts, each at least 1.
    #[inline]
    pub fn entries(&self) -> impl Iterator<Item = (u8, u8)> + '_ {
        let len = usize::from(self.len).min(ENTRIES);
        self.symbols[..len].iter().copied().zip(self.counts[..len].iter().copied())
    }
    #[inline]
    pub fn len(&self) -> usize {
        self.len.into()
    }
    /// Sum of the counts.
    #[inline]
    pub fn total(&self) -> u32 {
        self.total.into()
    }
    /// The count of one symbol, 0 for one not seen.
    #[inline]
    pub fn count(&self, symbol: u8) -> u32 {
        self.place(symbol).map_or(0, |i| self.counts[i].into())
    }

    #[inline]
    fn place(&self, symbol: u8) -> Option<usize> {
        let len = usize::from(self.len).min(ENTRIES);
        self.symbols[..len].iter().position(|&s| s == symbol)
    }

    fn add(&mut self, symbol: u8) {
        let Some(i) = self.place(symbol) else {
            if self.len() == ENTRIES {
                // Halving may remove rare symbols; if the slot is still full, the last one is
                // removed.
                self.halve();
                if self.len() == ENTRIES {
                    self.len -= 1;
                    self.total -= u16::from(self.counts[ENTRIES - 1]);
                }
            }
            let i = self.len();
            (self.symbols[i], self.counts[i]) = (symbol, STEP);
            self.len += 1;
            self.total += u16::from(STEP);
            return;
        };
        self.counts[i] += STEP;
        self.total += u16::from(STEP);
        if self.counts[i] > u8::MAX - STEP {
            self.halve();
        } else if i > 0 && self.counts[i] > self.counts[i - 1] {
            self.symbols.swap(i, i - 1);
            self.counts.swap(i, i - 1);
        }
    }

    fn halve(&mut self) {
        let mut kept = 0;
        self.total = 0;
        for i in 0..self.len() {
            let count = self.counts[i] / 2;
            if count > 0 {
                (self.symbols[kept], self.counts[kept]) = (self.symbols[i], count);
                self.total += u16::from(count);
                kept += 1;
            }
        }
        self.len = u8::try_from(kept).expect("at most 28");
    }
}

/// The place of a context.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    index: u32,
    check: u16,
}

/// A fixed number of slots, found by hash; rarely used slots are replaced.
pub(super) struct Slots(Vec<Slot>);

impl Slots {
    pub fn new() -> Self {
        Self(vec![EMPTY; 1 << SLOTS_LOG2])
    }

    pub fn clear(&mut self) {
        self.0.fill(EMPTY);
    }

    /// The slot of a context: one of two neighbours, or the one with the smaller total if neither
    /// belongs to the context.
    #[inline]
    pub fn find(&self, hash: u32) -> Place {
        let index = hash >> (32 - SLOTS_LOG2);
        let [low, high, ..] = hash.to_le_bytes();
        let check = u16::from_le_bytes([low, high]);
        let (a, b) = (&self.0[index as usize], &self.0[index as usize ^ 1]);
        // Without branches, so that the slots of all contexts are fetched at the same time.
        let second = (a.check != check) & ((b.check == check) | (b.total < a.total));
        Place { index: index ^ u32::from(second), check }
    }

    /// The slot at a place, if it belongs to the context.
    #[inline]
    pub fn get(&self, place: Place) -> &Slot {
        let slot = &self.0[place.index as usize];
        if slot.check == place.check { slot } else { &EMPTY }
    }

    #[inline]
    pub fn add(&mut self, place: Place, symbol: u8) {
        let slot = &mut self.0[place.index as usize];
        if slot.check != place.check {
            *slot = Slot { check: place.check, ..EMPTY };
        }
        slot.add(symbol);
    }
}
