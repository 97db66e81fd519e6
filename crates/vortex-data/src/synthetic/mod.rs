//! Synthetic jets: records like those of a flavour-tagging group, with known entropy.
//!
//! # Contents A record has 77 bytes without gaps (`f4`, `f2`, `i4`, `i1`). Each jet is one record,
//! and jets belong to events. The transverse momentum falls steeply, in slices as in simulations;
//! mass, energy and the "truth" columns follow from the kinematics; tagger outputs `pb + pc + pu`
//! are exactly one and depend on the label; vertex columns are NaN where there is no vertex; some
//! columns are rounded to decimals, some are half precision, some have mantissas of pure noise.
//!
//! # Why the entropy is known
//! Each event, and each jet in it, comes from a fixed list of independent draws (conditional on
//! earlier ones) with frequencies that are integers over 2^24, or from uniform bits. Everything
//! else in a record is a function of the draws, so the draws' entropy is an upper bound. And the
//! draws can be read back from the records, one by one (the tests do it), so it is also a lower
//! bound: for a long file no lossless code that does not know the seed can do better on average.
//! The two bounds differ only by the rounding error of a sum of logarithms in floating point.
//!
//! Three remarks. The file itself is a function of its 64-bit seed; the statement holds for codes
//! that do not know the generator. It is a rate: the last, incomplete event of a file can make a
//! difference of one event. And the bound is not easy to reach: a low mantissa byte may follow from
//! other columns only through a division or a square root.
//!
//! # Same bytes everywhere
//! The generator draws integers. Floating-point values come from them by exact steps or by the
//! operations that IEEE 754 rounds correctly (add, subtract, multiply, divide, square root),
//! never by `exp`, `ln` or `sin`, and Rust does not fuse or reorder them.

mod draws;
mod entropy;
mod record;
mod table;
mod tables;

use std::io::{self, Write};

use vortex_base::random::SplitMix64;
use vortex_coder::schema::Schema;

use draws::{EventDraws, JetDraws};
use record::STRIDE;
use tables::Tables;

/// Event number before the first event.
const FIRST_EVENT: i32 = 100_000;
/// Number of records that are made before they are written.
const BATCH: usize = 1024;

/// The generator. Writing `a` records and then `b` gives the same bytes as writing `a + b`.
#[derive(Clone, Debug)]
pub struct SyntheticJets {
    tables: Tables,
    rng: SplitMix64,
    event_number: i32,
    event: EventDraws,
    /// Index of the next jet in its event.
    next_jet: u8,
}

impl SyntheticJets {
    /// A generator whose output is fixed by `seed`.
    pub fn new(seed: u64) -> Self {
        let tables = Tables::new();
        Self {
            tables,
            rng: SplitMix64::new(seed),
            event_number: FIRST_EVENT,
            event: EventDraws::default(),
            next_jet: 0,
        }
    }

    /// Schema of the records.
    pub fn schema() -> Schema {
        record::schema()
    }

    /// Writes the next `n_records` records.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&mut self, n_records: u64, out: &mut impl Write) -> io::Result<()> {
        let mut batch = Vec::with_capacity(BATCH * STRIDE);
        for done in 0..n_records {
            let (event, jet) = self.next();
            let index = self.next_jet - 1;
            record::append(&mut batch, self.event_number, &event, index, &jet);
            if batch.len() >= BATCH * STRIDE || done + 1 == n_records {
                out.write_all(&batch)?;
                batch.clear();
            }
        }
        Ok(())
    }

    /// `n_records` records in memory.
    pub fn generate(seed: u64, n_records: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(n_records.saturating_mul(STRIDE));
        // Writing to memory does not fail.
        let _ = Self::new(seed).write(n_records as u64, &mut bytes);
        bytes
    }

    /// Lower and upper bound of the entropy of a long file, in bits per record. The last bits of
    /// the bounds may differ between machines; the data never differ.
    pub fn entropy_bits_per_record(&self) -> (f64, f64) {
        let bits = entropy::bits_per_record(&self.tables);
        // A few thousand terms of at most 24 bits, each off by some units of 2^-52.
        (bits - 1e-6, bits + 1e-6)
    }

    /// The draws of the next jet; starts a new event if the last one is complete.
    fn next(&mut self) -> (EventDraws, JetDraws) {
        if self.next_jet == self.event.jets() {
            self.event = EventDraws::draw(&mut self.rng, &self.tables);
            self.event_number = self.event_number.wrapping_add(self.event.event_step());
            self.next_jet = 0;
        }
        self.next_jet += 1;
        (self.event, JetDraws::draw(&mut self.rng, &self.tables, self.event.slice))
    }
}

#[cfg(test)]
mod tests;
