//! From counts to one distribution: how much to trust each context, and how to combine them.

use super::contexts::CONTEXTS;
use super::slots::{Place, Slots};
use crate::cost::log2;

/// The contexts, and as the last expert the counts of the role.
const EXPERTS: usize = CONTEXTS + 1;
/// Probabilities of the mixture have this many bits.
const PRECISION: u32 = 30;
/// Largest number of roles with their own counts; further roles share them.
const MAX_TABLES: usize = 4096;
/// Weight of one occurrence in a role's table, and the total at which counts are halved.
const STEP: u16 = 5;
const TOTAL_LIMIT: u32 = 1 << 15;
/// How fast costs are forgotten, and trust is learned.
const COST_DECAY: u32 = 5;
const TRUST_RATE: u32 = 5;
/// Number of classes of slots, by their numbers of symbols and occurrences.
const CLASSES: usize = 64;
/// Trust of a class before anything was learned.
const FIRST_TRUST: u16 = 0xc000;

/// The parts of the prediction of one symbol.
#[derive(Clone, Debug, Default)]
pub(super) struct Experts {
    pub found: [Place; CONTEXTS],
    /// Class of each slot; `None` for a context not seen before.
    class: [Option<u8>; CONTEXTS],
    /// Probability (16 bits) that the symbol is in the slot.
    trust: [u32; CONTEXTS],
    /// Probability (30 bits) of one count of the slot.
    unit: [u32; CONTEXTS],
}

/// State of one role, or of a few that share it.
struct Table {
    counts: [u16; 256],
    total: u32,
    /// Recent cost under each expert, in 2^-16 bits.
    cost: [u32; EXPERTS],
    trust: [[u16; CLASSES]; CONTEXTS],
}

pub(super) struct Mixer {
    tables: Vec<Table>,
    weights: [u32; 256],
}

impl Table {
    fn new() -> Self {
        let trust = [[FIRST_TRUST; CLASSES]; CONTEXTS];
        Self { counts: [1; 256], total: 256, cost: [0; EXPERTS], trust }
    }
}

impl Mixer {
    pub fn new(roles: usize) -> Self {
        let tables = std::iter::repeat_with(Table::new).take(roles.min(MAX_TABLES)).collect();
        Self { tables, weights: [0; 256] }
    }

    pub fn clear(&mut self) {
        self.tables.fill_with(Table::new);
    }

    /// The mixture as weights with a sum of about 2^30; its parts are stored in `experts`.
    pub fn predict(&mut self, role: usize, slots: &Slots, experts: &mut Experts) -> &[u32; 256] {
        let table = &self.tables[role % MAX_TABLES];
        let shares = shares(&table.cost);
        // The probability that is left for the counts of the role, in 32 bits.
        let mut rest = u64::from(shares[CONTEXTS]) << 16;
        let mut units = [0; CONTEXTS];
        for k in 0..CONTEXTS {
            let slot = slots.get(experts.found[k]);
            let class = class(slot.len(), slot.total());
            experts.class[k] = class;
            (experts.trust[k], experts.unit[k]) = (0, 0);
            if let Some(class) = class {
                let trust = u32::from(table.trust[k][usize::from(class)]);
                experts.trust[k] = trust;
                experts.unit[k] = (trust << (PRECISION - 16)) / slot.total();
                units[k] = high_product(shares[k], experts.unit[k]);
            }
            rest += u64::from(shares[k]) * u64::from((1 << 16) - experts.trust[k]);
        }
        let unit = (rest >> (32 - PRECISION)) / u64::from(table.total);
        let unit = u32::try_from(unit).unwrap_or(u32::MAX);
        // A 16-bit factor keeps the product of 256 pairs in narrow multiplications.
        let shift = (32 - unit.leading_zeros()).saturating_sub(16);
        let factor = u32::from(u16::try_from(unit >> shift).unwrap_or(u16::MAX));
        for (w, &c) in self.weights.iter_mut().zip(&table.counts) {
            *w = (u32::from(c) * factor) << shift;
        }
        for (k, unit) in units.into_iter().enumerate() {
            for (symbol, count) in slots.get(experts.found[k]).entries() {
                self.weights[usize::from(symbol)] += u32::from(count) * unit;
            }
        }
        &self.weights
    }

    /// Updates the state with the symbol.
    pub fn update(&mut self, role: usize, slots: &mut Slots, experts: &Experts, symbol: u8) {
        let table = &mut self.tables[role % MAX_TABLES];
        let count = u64::from(table.counts[usize::from(symbol)]);
        let base = narrow((count << PRECISION) / u64::from(table.total));
        for k in 0..CONTEXTS {
            let mut probability = base;
            if let Some(class) = experts.class[k] {
                let count = slots.get(experts.found[k]).count(symbol);
                // Saturating: other lanes may have added to the slot since the prediction.
                let listed = experts.unit[k].saturating_mul(count);
                probability =
                    listed.saturating_add(high_product((1 << 16) - experts.trust[k], base));
                let trust = &mut table.trust[k][usize::from(class)];
                if count > 0 {
                    *trust += (u16::MAX - *trust) >> TRUST_RATE;
                } else {
                    *trust -= *trust >> TRUST_RATE;
                }
            }
            remember(&mut table.cost[k], probability);
            slots.add(experts.found[k], symbol);
        }
        remember(&mut table.cost[CONTEXTS], base);
        table.counts[usize::from(symbol)] += STEP;
        table.total += u32::from(STEP);
        if table.total > TOTAL_LIMIT {
            table.total = 0;
            for c in &mut table.counts {
                *c -= *c / 2;
                table.total += u32::from(*c);
            }
        }
    }
}

/// `a * b` without its lowest 16 bits.
#[inline]
fn high_product(a: u32, b: u32) -> u32 {
    narrow((u64::from(a) * u64::from(b)) >> 16)
}

#[inline]
fn narrow(x: u64) -> u32 {
    u32::try_from(x).unwrap_or(u32::MAX)
}

#[inline]
fn remember(cost: &mut u32, probability: u32) {
    let bits = (PRECISION << 16).saturating_sub(log2(probability.max(1)));
    *cost = *cost - (*cost >> COST_DECAY) + bits;
}

/// The experts' shares of the mixture, with a sum of about 2^16: each expert's recent costs give
/// the probability that it is the right one.
fn shares(cost: &[u32; EXPERTS]) -> [u32; EXPERTS] {
    let least = cost.iter().copied().min().unwrap_or(0);
    let raw = cost.map(|c| exp2_minus(c - least) + 16);
    let sum: u32 = raw.iter().sum();
    raw.map(|r| (r << 16) / sum)
}

/// `2^-x` in 14 bits, `x` in 2^-16 bits.
fn exp2_minus(x: u32) -> u32 {
    let whole = x >> 16;
    if whole > 14 {
        return 0;
    }
    // Linear interpolation between powers of two is exact enough.
    ((1 << 14) - ((x & 0xffff) >> 3)) >> whole
}

/// The class of a slot, by its numbers of symbols and occurrences; slots of one class share their
/// trust.
fn class(len: usize, total: u32) -> Option<u8> {
    let by_len = match len {
        0 => return None,
        1..=4 => len - 1,
        5..=8 => 4,
        9..=16 => 5,
        17..=27 => 6,
        _ => 7,
    };
    let by_total = (total / 4).max(1).ilog2().min(7);
    u8::try_from(by_len * 8).ok().zip(u8::try_from(by_total).ok()).map(|(a, b)| a + b)
}
