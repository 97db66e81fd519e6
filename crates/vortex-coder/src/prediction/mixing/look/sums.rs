//! Entropies of counts, in integers.

use crate::cost::{COST_ONE_BIT, log2};

/// Least cost of a symbol of noise under the model, in thousandths of 8 bits.
const NOISE: u64 = 998;
/// Bits by which the entropy of a small sample of random bytes is too small: for 255 degrees of
/// freedom, and a margin.
const CHANCE: u64 = 300 * COST_ONE_BIT as u64;

/// Bits of `n log2 n` have 16 bits of fraction.
pub(super) fn n_log2_n(n: u32) -> u64 {
    u64::from(n) * u64::from(log2(n.max(1)))
}

/// Code length of symbols with these counts under their own frequencies, in 2^-16 bits.
pub(super) fn entropy(counts: &[u32]) -> u64 {
    let sum: u64 = counts.iter().map(|&count| n_log2_n(count)).sum();
    n_log2_n(counts.iter().sum()).saturating_sub(sum)
}

/// Least cost of this number of symbols of noise, in 2^-16 bits.
pub(super) fn least_cost(symbols: usize) -> u64 {
    8 * u64::from(COST_ONE_BIT) * symbols as u64 * NOISE / 1000
}

/// Whether symbols with these counts may be noise: they are evenly distributed, but for chance.
pub(super) fn may_be_noise(counts: &[u32; 256]) -> bool {
    let n: u32 = counts.iter().sum();
    entropy(counts) >= least_cost(n as usize).saturating_sub(CHANCE)
}
