//! The place of a record in the streams: parts of a split, shuffled runs, and columns.

use std::ops::Range;

use vortex_base::random::SplitMix64;
use vortex_coder::schema::Schema;
use vortex_data::SplitRatios;

/// Most runs that are shuffled; runs grow with the data.
const MAX_RUNS: u64 = 1 << 16;

/// The order of the records of a dataset in its streams.
///
/// With a seed, runs of `run` records are permuted by a Fisher-Yates shuffle whose draws are
/// SplitMix64 of the seed (`place = draw mod (i + 1)`, `i` from the last run down to 1); an
/// incomplete run stays at the end. Then the parts of the split are cut, at the first record of an
/// event.
#[derive(Debug)]
pub struct Order {
    n_records: u64,
    run: u64,
    /// For each run, its new place; empty if nothing moves.
    place: Vec<u32>,
    parts: [Range<u64>; 3],
}

/// Records that are consecutive in the source and in the streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// First record in the order of the source.
    pub source: u64,
    /// First record in the order of the streams.
    pub target: u64,
    /// Number of records.
    pub len: u64,
    /// Part of the split: 0, 1 or 2.
    pub part: usize,
}

impl Order {
    /// The order of `n_records` records in events of `records_per_event`.
    pub fn new(
        n_records: u64,
        records_per_event: u64,
        split: &SplitRatios,
        seed: Option<u64>,
    ) -> Self {
        let per_event = records_per_event.max(1);
        let n_events = n_records / per_event;
        let cut = split.split(n_events);
        let at = |event: u64| event.saturating_mul(per_event).min(n_records);
        let parts = [
            0..at(cut.train.end),
            at(cut.train.end)..at(cut.validation.end),
            at(cut.validation.end)..n_records,
        ];
        // A function of the numbers above, so it need not be stored.
        let run = n_events.div_ceil(MAX_RUNS).max(1).saturating_mul(per_event);
        let place = seed.map_or_else(Vec::new, |seed| shuffled(n_records / run, seed));
        Self { n_records, run, place, parts }
    }

    /// Records of each part, in the order of the streams.
    pub fn parts(&self) -> &[Range<u64>; 3] {
        &self.parts
    }

    /// Cuts records of the source into pieces that stay together.
    pub fn pieces(&self, range: Range<u64>) -> impl Iterator<Item = Piece> + '_ {
        let mut at = range.start;
        let end = range.end.min(self.n_records);
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let (target, run_end) = match self.place.get((at / self.run) as usize) {
                Some(place) => {
                    let inside = at % self.run;
                    (u64::from(*place) * self.run + inside, at - inside + self.run)
                }
                None => (at, end),
            };
            let part = self.parts.iter().position(|p| p.contains(&target)).unwrap_or(2);
            let len =
                (run_end.min(end) - at).min(self.parts[part].end.saturating_sub(target)).max(1);
            let piece = Piece { source: at, target, len, part };
            at += len;
            Some(piece)
        })
    }
}

fn shuffled(n: u64, seed: u64) -> Vec<u32> {
    // At most MAX_RUNS.
    let mut place: Vec<u32> = (0..n as u32).collect();
    let mut random = SplitMix64::new(seed);
    for i in (1..place.len()).rev() {
        place.swap(i, (random.draw() % (i as u64 + 1)) as usize);
    }
    place
}

/// Fields that share a stream of the column layout: all of one type and byte order, in order of
/// offset.
pub fn groups(schema: &Schema) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, field) in schema.fields().iter().enumerate() {
        let same = |group: &&mut Vec<usize>| {
            let first = &schema.fields()[group[0]];
            (first.dtype, first.big_endian) == (field.dtype, field.big_endian)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn without_a_seed_nothing_moves() {
        let order = Order::new(100, 7, &SplitRatios::DEFAULT, None);
        // 14 events: 11, 1 and 2; two records of no event at the end.
        assert_eq!(order.parts(), &[0..77, 77..84, 84..100]);
        let pieces: Vec<_> = order.pieces(70..90).collect();
        assert_eq!(pieces.len(), 3);
        assert!(pieces.iter().all(|p| p.source == p.target));
    }

    proptest! {
        #[test]
        fn every_record_has_one_place(
            n in 0u64..5000, per_event in 1u64..50, seed: Option<u64>, step in 1u64..400,
        ) {
            let order = Order::new(n, per_event, &SplitRatios::DEFAULT, seed);
            let mut seen = vec![false; n as usize];
            let mut at = 0;
            while at < n {
                let mut next = at;
                for piece in order.pieces(at..(at + step).min(n)) {
                    prop_assert_eq!(piece.source, next);
                    next += piece.len;
                    for record in piece.target..piece.target + piece.len {
                        prop_assert!(order.parts()[piece.part].contains(&record));
                        prop_assert!(!std::mem::replace(&mut seen[record as usize], true));
                    }
                }
                prop_assert_eq!(next, (at + step).min(n));
                at = next;
            }
            prop_assert!(seen.iter().all(|s| *s));
        }
    }
}
