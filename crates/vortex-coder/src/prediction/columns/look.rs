//! The first look at the columns of a block: from some of their records, what each says about the others.

use super::contexts::MAX_BUCKETS;
use super::level::Level;
use crate::records::columns::{Code, Column, with_column};

/// Classes of the numbers of a column that is told apart.
const CLASSES: usize = 64;
/// Buckets by a column of many values.
const BUCKETS: usize = 16;

/// What was seen.
pub(super) struct Look {
    /// Indices of the fields, those that say little first: each may refer to those before it.
    pub order: Vec<usize>,
    seen: Vec<Seen>,
    rows: Vec<usize>,
}

/// One column in the records that were looked at.
struct Seen {
    /// The class of each number, and of the one before it.
    classes: Vec<u8>,
    /// Bounds of the buckets that it can tell others apart by.
    bounds: Vec<u64>,
    /// The bucket of each number, and of the one before it.
    buckets: Vec<u8>,
    before: Vec<u8>,
    n_classes: usize,
    few_values: bool,
}

/// A column to be told apart by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Teller {
    pub field: u16,
    pub before: bool,
    pub bounds: Vec<u64>,
}

impl Look {
    pub(super) fn new(columns: &[Column], level: Level) -> Self {
        let n = columns.first().map_or(0, Column::len);
        let m = n.min(level.looked_at());
        let rows: Vec<usize> = (0..m).map(|i| i * n / m).collect();
        let seen: Vec<Seen> = columns.iter().map(|column| Seen::new(column, &rows)).collect();
        let mut order: Vec<usize> = (0..columns.len()).collect();
        let bits: Vec<f64> = seen.iter().map(|seen| seen.entropy().round()).collect();
        order.sort_by(|&a, &b| bits[a].total_cmp(&bits[b]));
        Self { order, seen, rows }
    }

    /// Whether a column may have few values.
    pub(super) fn few_values(&self, index: usize) -> bool {
        self.seen[index].few_values
    }

    /// The column that tells the numbers of `index` apart best, and the bits a number that this saves at least.
    pub(super) fn teller(&self, index: usize, candidates: &[usize]) -> Option<(Teller, f64)> {
        let seen = Some(&self.seen[index]).filter(|seen| seen.n_classes > 1)?;
        let own = seen.entropy();
        let mut best: Option<(usize, bool, f64)> = None;
        let others = candidates.iter().map(|&other| (other, false));
        for (other, before) in others.chain([(index, true)]) {
            let teller = &self.seen[other];
            if teller.bounds.is_empty() {
                continue;
            }
            let buckets = if before { &teller.before } else { &teller.buckets };
            let saved = own - seen.entropy_apart(buckets, teller.bounds.len() + 1);
            if best.is_none_or(|(_, _, most)| saved > most) {
                best = Some((other, before, saved));
            }
        }
        let (other, before, saved) = best?;
        let bounds = self.seen[other].bounds.clone();
        let field = u16::try_from(other).expect("at most 65,535 fields");
        Some((Teller { field, before, bounds }, saved))
    }

    /// The column whose distance from `index` is shortest, and its mean bits.
    pub(super) fn nearest(
        &self,
        index: usize,
        columns: &[Column],
        candidates: &[usize],
    ) -> Option<(usize, f64)> {
        let column = &columns[index];
        let same_width = |other: &&usize| {
            std::mem::discriminant(&columns[**other]) == std::mem::discriminant(column)
        };
        let rows = || self.rows.iter().step_by(8);
        let bits = |other: usize| {
            let bits = rows().map(|&row| {
                let (a, b) = (column.get(row), columns[other].get(row));
                64 - a.abs_diff(b).leading_zeros() + 1
            });
            f64::from(bits.sum::<u32>()) / rows().count().max(1) as f64
        };
        let all = candidates.iter().filter(same_width).map(|&other| (other, bits(other)));
        all.min_by(|(_, a), (_, b)| a.total_cmp(b))
    }
}

impl Seen {
    fn new(column: &Column, rows: &[usize]) -> Self {
        with_column!(column, numbers => {
            let at = |row: usize| -> u64 { numbers[row].wide() };
            let taken: Vec<u64> = rows.iter().map(|&row| at(row)).collect();
            let before = rows.iter().map(|&row| row.checked_sub(1).map_or(0, at));
            let mut sorted = taken.clone();
            sorted.sort_unstable();
            let few_values = sorted.chunk_by(|a, b| a == b).count() <= sorted.len() / 4;
            let fine = bounds(&sorted, CLASSES);
            let coarse = bounds(&sorted, BUCKETS);
            let place = |number: u64, bounds: &[u64]| {
                u8::try_from(bounds.partition_point(|&bound| bound <= number)).expect("below 64")
            };
            Self {
                classes: taken.iter().map(|&number| place(number, &fine)).collect(),
                buckets: taken.iter().map(|&number| place(number, &coarse)).collect(),
                before: before.map(|number| place(number, &coarse)).collect(),
                n_classes: fine.len() + 1,
                few_values,
                bounds: coarse,
            }
        })
    }

    /// Bits of a class.
    fn entropy(&self) -> f64 {
        let mut counts = [0u32; CLASSES];
        self.classes.iter().for_each(|&class| counts[usize::from(class)] += 1);
        bits(&counts) / self.classes.len().max(1) as f64
    }

    /// Bits of a class where the bucket is known, with what it takes to say so.
    fn entropy_apart(&self, buckets: &[u8], n_buckets: usize) -> f64 {
        let mut counts = vec![[0u32; CLASSES]; n_buckets];
        for (&class, &bucket) in self.classes.iter().zip(buckets) {
            counts[usize::from(bucket)][usize::from(class)] += 1;
        }
        let sum: f64 = counts.iter().map(bits).sum();
        // What few records seem to say by chance: half a nat for each count that is free (Miller and Madow).
        let used = counts.iter().flatten().filter(|&&count| count > 0).count();
        let chance = used.saturating_sub(self.n_classes + n_buckets - 1) as f64
            * 0.5
            * std::f64::consts::LOG2_E;
        (sum + chance) / self.classes.len().max(1) as f64
    }
}

/// Bits of all that is counted.
fn bits(counts: &[u32; CLASSES]) -> f64 {
    let total = f64::from(counts.iter().sum::<u32>());
    let of = |&count: &u32| f64::from(count) * (total / f64::from(count)).log2();
    counts.iter().filter(|&&count| count > 0).map(of).sum()
}

/// Bounds that part sorted numbers into at most `most` runs of about the same length; each value for itself where there are
/// few of them.
fn bounds(sorted: &[u64], most: usize) -> Vec<u64> {
    let mut values = sorted.to_vec();
    values.dedup();
    if values.len() <= most {
        return values.into_iter().skip(1).collect();
    }
    let mut bounds: Vec<u64> = (1..most).map(|i| sorted[i * sorted.len() / most]).collect();
    bounds.dedup();
    // Nothing is below the smallest.
    bounds.retain(|&bound| bound > values[0]);
    bounds.truncate(MAX_BUCKETS - 1);
    bounds
}
