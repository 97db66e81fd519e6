//! Code lengths: good ones of at most 11 bits, and their form in a file.
//!
//! In a file: lowest and highest symbol that occur, then the lengths of all symbols between, four bits
//! each, the first one in the low half of a byte.

use super::histogram::Histogram;
use super::{MAX_BITS, MIDDLE_BITS, MIDDLE_PLANE, SHORT_BITS, SHORT_PLANE, STREAMS};
use crate::error::{Error, Result};

/// Length of the code of each symbol; 0 if it does not occur.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CodeLengths(pub [u8; 256]);

impl CodeLengths {
    /// The lengths with the fewest bits for a plane with these counts, in which at least two symbols occur.
    pub(crate) fn best(counts: &Histogram) -> Self {
        let max_bits = if counts.total < SHORT_PLANE {
            SHORT_BITS
        } else if counts.total < MIDDLE_PLANE {
            MIDDLE_BITS
        } else {
            MAX_BITS
        };
        Self::of(counts, max_bits)
    }

    /// The lengths of a Huffman code; if some are longer than `max_bits`, lengths that are close to
    /// optimal.
    pub(super) fn of(counts: &Histogram, max_bits: u32) -> Self {
        // The count is in the bits above the symbol, so that rare symbols come first.
        let mut leaves = [0u64; 256];
        let mut n = 0;
        for (symbol, &count) in (0u64..).zip(&counts.counts) {
            leaves[n] = u64::from(count) << 8 | symbol;
            n += usize::from(count > 0);
        }
        let leaves = &mut leaves[..n];
        leaves.sort_unstable();
        let mut n_codes = codes_of_each_length(leaves);
        limit(&mut n_codes, max_bits as usize);
        let mut lengths = [0; 256];
        let mut leaves = leaves.iter().rev();
        for (length, &n) in (0..=u8::MAX).zip(&n_codes) {
            for leaf in leaves.by_ref().take(n) {
                lengths[usize::from(*leaf as u8)] = length;
            }
        }
        Self(lengths)
    }

    /// Bytes of a coded plane with these counts, at most: lengths, sizes and four streams.
    pub(crate) fn coded_bytes(&self, counts: &Histogram) -> usize {
        let bits: u64 = counts
            .counts
            .iter()
            .zip(&self.0)
            .map(|(&count, &length)| u64::from(count) * u64::from(length))
            .sum();
        let (low, high) = self.range();
        2 + (usize::from(high - low) + 2) / 2 + 4 * (STREAMS - 1) + (bits / 8) as usize + STREAMS
    }

    /// Bits of the longest code.
    pub(super) fn longest(&self) -> u32 {
        self.0.iter().copied().max().unwrap_or(0).into()
    }

    fn range(&self) -> (u8, u8) {
        let used = |&symbol: &u8| self.0[usize::from(symbol)] > 0;
        ((0..=255).find(used).unwrap_or(0), (0..=255).rev().find(used).unwrap_or(0))
    }

    pub(super) fn write_to(&self, out: &mut Vec<u8>) {
        let (low, high) = self.range();
        out.extend([low, high]);
        for pair in self.0[usize::from(low)..=usize::from(high)].chunks(2) {
            out.push(pair[0] | pair.get(1).copied().unwrap_or(0) << 4);
        }
    }

    /// Reads the lengths, checks that they make a complete code, and moves `bytes` past them.
    pub(super) fn read_from(bytes: &mut &[u8]) -> Result<Self> {
        let short = || Error::corrupt("a table of code lengths ends early");
        let (&[low, high], rest) = bytes.split_first_chunk::<2>().ok_or_else(short)?;
        if low >= high {
            return Err(Error::corrupt(format!("a code for the symbols {low} to {high}")));
        }
        let n = usize::from(high - low) + 1;
        let (nibbles, rest) = rest.split_at_checked(n.div_ceil(2)).ok_or_else(short)?;
        *bytes = rest;
        let mut lengths = [0; 256];
        let mut used = 0u32;
        for (i, length) in lengths[usize::from(low)..=usize::from(high)].iter_mut().enumerate() {
            *length = nibbles[i / 2] >> (4 * (i % 2)) & 15;
            if u32::from(*length) > MAX_BITS {
                return Err(Error::corrupt(format!(
                    "a code of {length} bits, but at most {MAX_BITS} are allowed"
                )));
            }
            if *length > 0 {
                used += 1 << (MAX_BITS - u32::from(*length));
            }
        }
        let unused_half = if n % 2 == 1 { nibbles[n / 2] >> 4 } else { 0 };
        let edges = lengths[usize::from(low)] > 0 && lengths[usize::from(high)] > 0;
        if used != 1 << MAX_BITS || !edges || unused_half != 0 {
            return Err(Error::corrupt("code lengths that do not make a complete prefix code"));
        }
        Ok(Self(lengths))
    }
}

/// Longest code of a Huffman code of 256 symbols.
const UNLIMITED: usize = 255;

/// The number of codes of each length in a Huffman code for sorted leaves (at least two) with their
/// counts above bit 8.
fn codes_of_each_length(leaves: &[u64]) -> [usize; UNLIMITED + 1] {
    let n = leaves.len();
    let count = |leaf: usize| leaves.get(leaf).map_or(u64::MAX, |leaf| leaf >> 8);
    // Inner nodes are made in the order of their counts, so two queues hold all nodes without a
    // parent.
    let mut inner = [u64::MAX; 256];
    let mut parent_of_leaf = [0u8; 256];
    let mut parent_of_inner = [0u8; 256];
    let (mut leaf, mut node) = (0, 0);
    let n_inner = n.saturating_sub(1);
    for parent in 0..n_inner {
        let mut sum = 0;
        for _ in 0..2 {
            if count(leaf) <= inner[node] {
                sum += count(leaf);
                parent_of_leaf[leaf] = parent as u8;
                leaf += 1;
            } else {
                sum += inner[node];
                parent_of_inner[node] = parent as u8;
                node += 1;
            }
        }
        inner[parent] = sum;
    }
    let mut depth = [0u8; 256];
    for node in (0..n_inner.saturating_sub(1)).rev() {
        depth[node] = depth[usize::from(parent_of_inner[node])] + 1;
    }
    let mut n_codes = [0; UNLIMITED + 1];
    for &parent in &parent_of_leaf[..n] {
        n_codes[usize::from(depth[usize::from(parent)]) + 1] += 1;
    }
    n_codes
}

/// Shortens codes that are too long to the limit, and lengthens others until all codes fit.
fn limit(n_codes: &mut [usize; UNLIMITED + 1], max_bits: usize) {
    let too_long: usize = n_codes[max_bits + 1..].iter().sum();
    n_codes[max_bits + 1..].fill(0);
    n_codes[max_bits] += too_long;
    let mut room: usize = (1..=max_bits).map(|l| n_codes[l] << (max_bits - l)).sum();
    while room > 1 << max_bits {
        // One of the longest codes moves below one of the longest shorter codes.
        let Some(shorter) = (1..max_bits).rev().find(|&l| n_codes[l] > 0) else { return };
        n_codes[max_bits] -= 1;
        n_codes[shorter] -= 1;
        n_codes[shorter + 1] += 2;
        room -= 1;
    }
}
