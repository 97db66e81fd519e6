//! The contexts in which symbols are counted.

use crate::layout::RecordLayout;

/// Number of contexts of each symbol.
pub(super) const CONTEXTS: usize = 6;

/// The recent symbols of one lane.
pub(super) struct Lane {
    /// Symbols of this record, and of the two before it.
    records: [Vec<u8>; 3],
    /// The last eight symbols, with the latest in the lowest byte.
    history: u64,
}

impl Lane {
    pub fn new(roles: usize) -> Self {
        Self { records: std::array::from_fn(|_| vec![0; roles]), history: 0 }
    }

    pub fn set(&mut self, role: usize, symbol: u8) {
        self.records[0][role] = symbol;
        self.history = self.history << 8 | u64::from(symbol);
    }

    pub fn next_record(&mut self) {
        self.records.rotate_right(1);
    }

    /// One hash for each context of the symbol of this role.
    pub fn hashes(&self, layout: &RecordLayout, role: usize) -> [u32; CONTEXTS] {
        let contexts = if layout.roles().len() == 1 {
            self.text_contexts()
        } else {
            self.record_contexts(layout, role)
        };
        let mut salt = u32::try_from(role).expect("a record has at most 65,535 roles") * 8;
        contexts.map(|context| {
            salt += 1;
            finish(mix(context, salt))
        })
    }

    /// For records of one symbol: the one to six symbols before it.
    fn text_contexts(&self) -> [u32; CONTEXTS] {
        let mut context = 0;
        let mut history = self.history.to_le_bytes().into_iter();
        [(); CONTEXTS].map(|()| {
            context = mix(context, history.next().unwrap_or(0).into());
            context
        })
    }

    fn record_contexts(&self, layout: &RecordLayout, role: usize) -> [u32; CONTEXTS] {
        let [now, last, older] = &self.records;
        let this = layout.roles()[role];
        let first = role - usize::from(this.rank);
        let (field, known) = (this.field, &now[first..role]);
        // Whether the field repeats so far, and its symbol of this role in the last record.
        let same = u32::from(known == &last[first..role]);
        let above = u32::from(last[role]);
        let within = known.iter().fold(0, |h, &s| mix(h, s.into()));
        // The two most significant symbols of the previous field.
        let neighbour = field.checked_sub(1).map_or(0, |f| {
            let roles = layout.roles_of(usize::from(f));
            now[roles].iter().take(2).fold(0, |h, &s| h << 8 | u32::from(s))
        });
        // The two previous symbols, which may be in the last record.
        let recent = u32::from(self.history.to_le_bytes()[0]) << 8
            | u32::from(self.history.to_le_bytes()[1]);
        [
            within,
            above << 1 | same,
            mix(within, above << 1 | same),
            mix(above << 8 | u32::from(older[role]), same),
            mix(within, neighbour),
            recent,
        ]
    }
}

fn mix(h: u32, value: u32) -> u32 {
    (h.rotate_left(5) ^ value).wrapping_mul(0x9e37_79b1).wrapping_add(0x7f4a_7c15)
}

fn finish(h: u32) -> u32 {
    let h = (h ^ (h >> 15)).wrapping_mul(0x85eb_ca6b);
    h ^ (h >> 13)
}
