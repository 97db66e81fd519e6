//! Integer distributions over at most 256 symbols.

/// Totals stay below this (2^24).
pub const TOTAL_LIMIT: u32 = 1 << 24;

/// A distribution in which every symbol has a frequency of at least one and the total is below
/// [`TOTAL_LIMIT`]: guaranteed, because the only ways to make one keep it so.
#[derive(Clone, Debug)]
pub struct Cdf {
    /// Frequencies; zero beyond `n`.
    freq: [u32; 256],
    /// Cumulative frequency at the start of each group of 16 symbols; `group[16]` is the total.
    group: [u32; 17],
    n: u16,
}

impl Cdf {
    /// Sets `frequency[i] = (weights[i] >> s) + 1` with the smallest shift `s` for which the total
    /// stays below [`TOTAL_LIMIT`]. Any weights are fine (their sum is taken in 64 bits).
    pub fn set_weights(&mut self, _weights: &[u32]) {
        let _ = (&self.freq, &self.group, self.n);
        todo!()
    }
}
