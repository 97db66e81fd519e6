//! Entropies of counts, in integers.

use crate::cost::log2;

/// Bits of `n log2 n` have 16 bits of fraction.
pub(super) fn n_log2_n(n: u32) -> u64 {
    u64::from(n) * u64::from(log2(n.max(1)))
}

/// Code length of symbols with these counts under their own frequencies, in 2^-16 bits.
pub(super) fn entropy(counts: &[u32]) -> u64 {
    let sum: u64 = counts.iter().map(|&count| n_log2_n(count)).sum();
    n_log2_n(counts.iter().sum()).saturating_sub(sum)
}
