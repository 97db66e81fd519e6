//! Windows of a file in an order with large reads: chunks of records are read in shuffled order,
//! and the windows of a few chunks at a time are shuffled together.
//!
//! The order depends only on a seed and two numbers, the epoch and the number of its finished
//! windows; at most [`ChunkOrder::pool`] chunks are in memory.

use crate::error::Result;
use crate::rng::Rng;

use super::windows::{Chunk, Windows};

/// Place in the order: epoch, and the number of its finished windows.
pub(super) type Place = (u64, u64);

/// Sizes of the order.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChunkOrder {
    /// Windows of a chunk.
    pub chunk: u64,
    /// Chunks of a pool.
    pub pool: usize,
    /// Seed of the shuffling.
    pub seed: u64,
}

/// The windows of one epoch.
struct Epoch {
    /// Record of the part at which the first window begins: it differs in each epoch.
    shift: u64,
    windows: u64,
    /// Chunks in the order in which they are read.
    chunks: Vec<u64>,
}

/// Some chunks in memory, and their windows in shuffled order.
#[derive(Debug, Default)]
pub(super) struct Pool {
    /// The pool: epoch and number.
    key: Option<(u64, usize)>,
    /// Windows of the epoch before it.
    before: u64,
    chunks: Vec<Chunk>,
    /// Chunk, and window in the chunk.
    order: Vec<(usize, u64)>,
}

fn shuffle<T>(rng: &mut Rng, items: &mut [T]) {
    for i in (1..items.len()).rev() {
        items.swap(i, rng.below(i as u64 + 1) as usize);
    }
}

impl ChunkOrder {
    fn rng(&self, epoch: u64, pool: u64) -> Rng {
        let mixed = Rng::new(self.seed ^ Rng::new(epoch).next_u64()).next_u64();
        Rng::new(mixed.wrapping_add(pool))
    }

    fn epoch(&self, windows: &Windows<'_>, epoch: u64) -> Epoch {
        let (len, records) = (windows.len(), windows.records() as u64);
        let mut rng = self.rng(epoch, u64::MAX);
        let shift = rng.below(records.min(len - records + 1));
        let count = (len - shift) / records;
        let mut chunks: Vec<u64> = (0..count.div_ceil(self.chunk)).collect();
        shuffle(&mut rng, &mut chunks);
        Epoch { shift, windows: count, chunks }
    }

    /// Windows of a chunk of an epoch.
    fn in_chunk(&self, epoch: &Epoch, chunk: u64) -> u64 {
        self.chunk.min(epoch.windows - chunk * self.chunk)
    }

    /// Appends the symbols of the window at `place` to `out` and advances the place.
    pub fn next(
        &self,
        windows: &Windows<'_>,
        pool: &mut Pool,
        place: &mut Place,
        cold: bool,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let here = |pool: &Pool| match pool.key {
            Some((epoch, _)) if epoch == place.0 => {
                let index = place.1.checked_sub(pool.before)?;
                pool.order.get(usize::try_from(index).ok()?).copied()
            }
            _ => None,
        };
        let (slot, window) = match here(pool) {
            Some(found) => found,
            None => {
                self.load(windows, pool, place)?;
                let index = (place.1 - pool.before) as usize;
                pool.order[index]
            }
        };
        let records = windows.records() as u64;
        windows.append_from(&pool.chunks[slot], window * records, cold, out);
        place.1 += 1;
        Ok(())
    }

    /// Reads the pool that holds `place`; at the end of an epoch, `place` moves to the next one.
    fn load(&self, windows: &Windows<'_>, pool: &mut Pool, place: &mut Place) -> Result<()> {
        let mut epoch = self.epoch(windows, place.0);
        if place.1 >= epoch.windows {
            *place = (place.0 + 1, 0);
            epoch = self.epoch(windows, place.0);
        }
        let (mut before, mut number) = (0, 0);
        let chunks = loop {
            let first = number * self.pool;
            let chunks = &epoch.chunks[first..(first + self.pool).min(epoch.chunks.len())];
            let here: u64 = chunks.iter().map(|&c| self.in_chunk(&epoch, c)).sum();
            if place.1 < before + here {
                break chunks;
            }
            (before, number) = (before + here, number + 1);
        };
        // Drop the old chunks first, so that only one pool is in memory.
        *pool = Pool { key: Some((place.0, number)), before, ..Pool::default() };
        let records = windows.records() as u64;
        for (slot, &chunk) in chunks.iter().enumerate() {
            let count = self.in_chunk(&epoch, chunk);
            let first = epoch.shift + chunk * self.chunk * records;
            pool.chunks.push(windows.chunk(first, count * records)?);
            pool.order.extend((0..count).map(|window| (slot, window)));
        }
        shuffle(&mut self.rng(place.0, number as u64), &mut pool.order);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::windows::tests::{layout, source};

    /// Values of `n` windows from `place` on, the record before each first.
    fn values(
        windows: &Windows<'_>,
        order: ChunkOrder,
        place: &mut Place,
        n: usize,
    ) -> Vec<Vec<u16>> {
        let mut pool = Pool::default();
        (0..n)
            .map(|_| {
                let mut symbols = Vec::new();
                order.next(windows, &mut pool, place, false, &mut symbols).unwrap();
                assert!(pool.chunks.len() <= order.pool);
                symbols.chunks(2).map(|s| u16::from_be_bytes([s[0], s[1]])).collect()
            })
            .collect()
    }

    #[test]
    fn every_record_is_seen_once_an_epoch_after_its_predecessor() {
        let (layout, source) = (layout(), source(1000));
        let windows = Windows::new(&source, &layout, 100..903, 5);
        let order = ChunkOrder { chunk: 7, pool: 3, seed: 4 };
        let mut shifts = std::collections::BTreeSet::new();
        let mut place = (0, 0);
        for epoch in 0..20 {
            let count = order.epoch(&windows, epoch).windows;
            let seen = values(&windows, order, &mut place, count as usize);
            assert_eq!(place, (epoch, count));
            let mut starts = Vec::new();
            for v in &seen {
                assert!(v[1..].windows(2).all(|p| p[1] == p[0] + 1), "{v:?}");
                // Record 100 of the source, value 101, begins the part.
                assert!(v[0] == v[1] - 1 || (v[0] == 0 && v[1] == 101), "{v:?}");
                starts.push(v[1] - 101);
            }
            assert!(!starts.is_sorted());
            starts.sort_unstable();
            assert!(starts.windows(2).all(|p| p[1] == p[0] + 5));
            assert!(starts[0] < 5 && starts[starts.len() - 1] + 5 <= 803 && 803 - count * 5 < 10);
            shifts.insert(starts[0]);
        }
        assert_eq!(shifts.len(), 5);
    }

    #[test]
    fn it_goes_on_at_any_place() {
        let (layout, source) = (layout(), source(300));
        let windows = Windows::new(&source, &layout, 0..300, 4);
        let order = ChunkOrder { chunk: 5, pool: 2, seed: 9 };
        let all = values(&windows, order, &mut (0, 0), 200);
        for start in [0, 1, 9, 10, 73, 74, 75, 149] {
            let mut place = (0, 0);
            values(&windows, order, &mut place, start);
            assert_eq!(values(&windows, order, &mut place, 200 - start), all[start..], "{start}");
        }
        let other = ChunkOrder { seed: 10, ..order };
        assert_ne!(values(&windows, other, &mut (0, 0), 200), all);
    }
}
