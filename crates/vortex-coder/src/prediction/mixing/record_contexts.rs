//! Contexts of the symbols of records: the known part of the field with earlier records and fields.

use super::engine::MAX_CONTEXTS;
use super::hash::{Hash, chain, mix};
use crate::layout::RecordLayout;

/// Contexts of a symbol, the most useful first; a level uses the first ones.
pub(super) const RECORD_CONTEXTS: usize = 28;

/// This bit is set in the kind of contexts that fields of one size share.
const POOLED: usize = 1 << 16;

/// For each field, the earlier field of the record that predicts it best.
pub(super) type Partners = Vec<Option<u16>>;

/// Hashes of a neighbouring field, which are the same for all symbols of the current field.
#[derive(Clone, Copy, Default)]
struct Neighbour {
    /// Hashes of the first symbol, of the first two, and of all.
    one: u32,
    two: u32,
    all: u32,
}

impl Neighbour {
    fn of(symbols: &[u8]) -> Self {
        let first = |n| chain(&symbols[..symbols.len().min(n)]);
        Self { one: first(1), two: first(2), all: chain(symbols) }
    }
}

/// The symbols of a record and of the three previous ones, and the values that follow from them for
/// the current field.
pub(super) struct RecordContexts<'a> {
    layout: &'a RecordLayout,
    partners: &'a Partners,
    now: Vec<u8>,
    before: [Vec<u8>; 3],
    /// The last eight symbols, with the latest in the lowest byte.
    history: u64,
    fields: [Neighbour; 3],
    partner: Option<Neighbour>,
    /// Hash of the field in the previous record.
    above: u32,
    /// The value of the field in the previous record, and the linear continuation of the last two
    /// values.
    value_above: u64,
    continued: u64,
    /// The value of the previous field in the record, if it has as many symbols; otherwise 0.
    value_left: u64,
}

/// Whether the known part of the field repeats that of the last and of the second last record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Repeats {
    pub one_up: bool,
    pub two_up: bool,
}

impl<'a> RecordContexts<'a> {
    pub(super) fn new(layout: &'a RecordLayout, partners: &'a Partners) -> Self {
        let symbols = || vec![0; layout.roles().len()];
        Self {
            layout,
            partners,
            now: symbols(),
            before: [symbols(), symbols(), symbols()],
            history: 0,
            fields: Default::default(),
            partner: None,
            above: 0,
            value_above: 0,
            continued: 0,
            value_left: 0,
        }
    }

    /// Starts the next field.
    pub(super) fn begin_field(&mut self, field: usize) {
        let symbols = |f: usize| &self.now[self.layout.roles_of(f)];
        for (back, neighbour) in (1..).zip(&mut self.fields) {
            let before = field.checked_sub(back);
            *neighbour = before.map_or(Neighbour::default(), |f| Neighbour::of(symbols(f)));
        }
        self.partner = self.partners[field].map(|f| Neighbour::of(symbols(f.into())));
        let roles = self.layout.roles_of(field);
        let left = field.checked_sub(1).map(symbols);
        let left = left.filter(|left| left.len() == roles.len());
        self.value_left = left.map_or(0, value);
        self.above = chain(&self.before[0][roles.clone()]);
        self.value_above = value(&self.before[0][roles.clone()]);
        self.continued =
            self.value_above.wrapping_mul(2).wrapping_sub(value(&self.before[1][roles]));
    }

    /// Adds the symbol of a role.
    pub(super) fn set(&mut self, role: usize, symbol: u8) {
        self.now[role] = symbol;
        self.history = self.history << 8 | u64::from(symbol);
    }

    pub(super) fn next_record(&mut self) {
        self.before.rotate_right(1);
        std::mem::swap(&mut self.before[0], &mut self.now);
    }

    /// The contexts of a symbol whose field began with [`Self::begin_field`], and whether the field repeats so far.
    #[allow(clippy::cast_possible_truncation)] // parts of hashes and of symbols
    pub(super) fn contexts(&self, role: usize, out: &mut [u32; MAX_CONTEXTS]) -> Repeats {
        let this = self.layout.roles()[role];
        let rank = usize::from(this.rank);
        let first = role - rank;
        let roles = self.layout.roles_of(this.field.into());
        let [up, up2, up3] = &self.before;
        let so_far = &self.now[first..role];
        let known = chain(so_far);
        let repeats =
            Repeats { one_up: *so_far == up[first..role], two_up: *so_far == up2[first..role] };
        let (same, same2) = (u32::from(repeats.one_up), u32::from(repeats.two_up));
        let [a, a2, a3] = [up, up2, up3].map(|record| u32::from(record[role]));
        // Bits of the symbols after this one.
        let below = 8 * (roles.len() - 1 - rank);
        let prefix = value(so_far);
        let away = |value: u64| {
            let expected = (value >> below).checked_shr(8).unwrap_or(0);
            let mask = (1u64 << (8 * rank).min(63)) - 1;
            let distance = (prefix & mask).cast_signed() - (expected & mask).cast_signed();
            distance.clamp(-2, 2) as u32
        };
        let above_so_far = chain(&up[first..=role]);
        let [w, w2, w3] = self.fields;
        let p = self.partner.unwrap_or_default();
        let recent = self.history;
        // Contexts of only this role, and contexts that all fields of one size share: many fields
        // of a record have similar distributions, and each learns from the others.
        let hash = Hash::new(role);
        let own = |context: u32| (hash, context);
        let pool = Hash::new(POOLED | roles.len() << 8 | rank);
        let pooled = |context: u32| (pool, context);
        let near = |value: u64| mix(away(value), (value >> below) as u32 & 255);
        let list: [(Hash, u32); RECORD_CONTEXTS] = [
            own(known),
            own(mix(same, a)),
            own(mix(known, w.two)),
            own(mix(known, self.above)),
            own(mix(mix(known, w.all), self.above)),
            own(mix(known, w.one)),
            own(mix(known, w2.one)),
            own(mix(known, w2.all)),
            own(mix(mix(known, a), mix(a2, a3))),
            // Without a partner, use another context than a repetition of the first.
            if self.partner.is_some() { own(mix(known, p.one)) } else { pooled(known) },
            own(mix(mix(mix(known, w.one), w2.one), w3.two)),
            pooled((recent & 0xffff) as u32),
            pooled(mix(above_so_far, known)),
            pooled(mix(same, a)),
            pooled(known),
            pooled(near(self.value_left)),
            own(mix(known, p.all)),
            own(mix(mix(known, w.one), a)),
            own(near(self.value_left)),
            pooled(near(self.continued)),
            own(near(self.continued)),
            own(mix(mix(known, w.one), w2.one)),
            pooled(mix(known, p.one)),
            pooled(mix(mix(known, a), mix(a2, a3))),
            pooled(mix(mix(same * 2 + same2, a), a2)),
            own((recent & 0xff_ffff) as u32),
            own((recent & 0xffff) as u32),
            own(mix(above_so_far, known)),
        ];
        for (i, (out, (hash, context))) in out.iter_mut().zip(list).enumerate() {
            *out = hash.of(i, context);
        }
        repeats
    }
}

/// Symbols as a number, the most significant one first.
fn value(symbols: &[u8]) -> u64 {
    symbols.iter().fold(0, |value, &symbol| value << 8 | u64::from(symbol))
}
