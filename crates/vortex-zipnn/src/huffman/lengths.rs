//! Code lengths: the best ones of at most 11 bits, and their form in a file.
//!
//! In a file: lowest and highest symbol that occur, then the lengths of all symbols between, four bits
//! each, the first one in the low half of a byte.

use super::histogram::Histogram;
use super::{MAX_BITS, MIDDLE_BITS, MIDDLE_PLANE, SHORT_BITS, SHORT_PLANE, STREAMS};
use crate::error::{Error, Result};

/// Length of the code of each symbol; 0 where it does not occur.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CodeLengths(pub [u8; 256]);

impl CodeLengths {
    /// The lengths with the fewest bits for a plane with these counts, in which at least two symbols occur.
    pub(crate) fn best(counts: &Histogram) -> Self {
        let max_bits = match counts.total {
            ..SHORT_PLANE => SHORT_BITS,
            ..MIDDLE_PLANE => MIDDLE_BITS,
            _ => MAX_BITS,
        };
        Self::of(counts, max_bits)
    }

    /// The lengths of at most `max_bits` with the fewest bits in all (package-merge; Larmore and Hirschberg 1990).
    pub(super) fn of(counts: &Histogram, max_bits: u32) -> Self {
        let mut leaves: Vec<(u64, u8)> = (0..=255u8)
            .zip(&counts.counts)
            .filter(|&(_, &count)| count > 0)
            .map(|(symbol, &count)| (u64::from(count), symbol))
            .collect();
        leaves.sort_unstable();
        let n = leaves.len();
        // One list a level: (weight, is a package). A package is the next pair of the list before.
        let mut lists: Vec<Vec<(u64, bool)>> =
            vec![leaves.iter().map(|&(weight, _)| (weight, false)).collect()];
        for _ in 1..max_bits {
            let packages = lists[lists.len() - 1].as_chunks::<2>().0;
            let mut merged = Vec::with_capacity(n + packages.len());
            let mut leaf = leaves.iter().map(|&(weight, _)| weight).peekable();
            for [a, b] in packages {
                let weight = a.0 + b.0;
                while let Some(w) = leaf.next_if(|&w| w <= weight) {
                    merged.push((w, false));
                }
                merged.push((weight, true));
            }
            merged.extend(leaf.map(|w| (w, false)));
            lists.push(merged);
        }
        // The 2n - 2 cheapest of the last list; each package stands for two of the list before.
        let mut lengths = [0u8; 256];
        let mut take = 2 * n.saturating_sub(1);
        for list in lists.iter().rev() {
            let taken = &list[..take.min(list.len())];
            let packages = taken.iter().filter(|item| item.1).count();
            for &(_, symbol) in &leaves[..taken.len() - packages] {
                lengths[usize::from(symbol)] += 1;
            }
            take = 2 * packages;
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

    /// Reads the lengths, checks that they make a complete code, and moves `bytes` behind them.
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
            return Err(Error::corrupt("code lengths that make no complete prefix code"));
        }
        Ok(Self(lengths))
    }
}
