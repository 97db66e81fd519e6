//! The decoding table, which gives several symbols per look-up.

use super::{CodeLengths, codes};

/// Symbols that one entry gives at most.
pub(super) const PER_ENTRY: usize = 6;

/// An entry for the next bits of a stream: up to six symbols from bit 16 on, their number in bits 8
/// to 15, and their total code length in bits 0 to 7.
pub(super) type Entry = u64;

/// The number of symbols is in units of this.
const ONE_SYMBOL: Entry = 1 << 8;
/// Position of the last symbol of a full entry.
const LAST_SYMBOL: usize = 16 + 8 * (PER_ENTRY - 1);

/// Code bits of the symbols of an entry.
#[inline(always)]
pub(super) fn n_bits(entry: Entry) -> u32 {
    entry as u32 & 0xff
}

/// Number of symbols of an entry.
#[inline(always)]
pub(super) fn n_symbols(entry: Entry) -> usize {
    (entry >> 8) as usize & 7
}

/// An entry for each value of the next `log2(ENTRIES)` bits, which is at least the length of the
/// longest code.
#[inline(always)]
pub(super) fn table<const ENTRIES: usize>(lengths: &CodeLengths) -> Box<[Entry; ENTRIES]> {
    let bits = ENTRIES.trailing_zeros();
    let mut single = [0u32; ENTRIES];
    let mut shortest = u32::MAX;
    for (symbol, (&code, &length)) in (0u32..).zip(codes(&lengths.0).iter().zip(&lengths.0)) {
        if length > 0 {
            shortest = shortest.min(length.into());
            let entry = symbol << 16 | ONE_SYMBOL as u32 | u32::from(length);
            for place in single[usize::from(code)..].iter_mut().step_by(1 << length) {
                *place = entry;
            }
        }
    }
    let mut table = Box::new([0; ENTRIES]);
    if shortest * (PER_ENTRY as u32) < bits {
        fill::<true, ENTRIES>(&single, lengths, &mut table);
    } else {
        fill::<false, ENTRIES>(&single, lengths, &mut table);
    }
    table
}

/// Adds the symbols after the first one, given the entries of one symbol. `FULL` is true if there
/// may be more symbols than fit in an entry.
#[inline(always)]
fn fill<const FULL: bool, const ENTRIES: usize>(
    single: &[u32; ENTRIES],
    lengths: &CodeLengths,
    table: &mut [Entry; ENTRIES],
) {
    let bits = ENTRIES.trailing_zeros();
    // Entries with fewer bits come first: entry `2^k + b` of `fewer` is for `k` known bits `b`.
    // After a code of `l` bits follow the symbols of the entry whose number is shorter by `l`
    // binary digits.
    let mut fewer = [0; ENTRIES];
    let entry = |first: u32, k: u32, fewer: &[Entry; ENTRIES], at: usize| {
        let length = first & 0xff;
        let mut rest = fewer[(at >> (length & 15)) % ENTRIES];
        if FULL && n_symbols(rest) == PER_ENTRY {
            // The last symbol does not fit.
            let last = lengths.0[usize::from((rest >> LAST_SYMBOL) as u8)];
            rest = (rest & !(0xff << LAST_SYMBOL)) - ONE_SYMBOL - u64::from(last);
        }
        let entry = ((rest & !0xffff) << 8) + (rest & 0xffff) + u64::from(first);
        // No branch, because it would be hard to predict. Some bits do not hold the whole first
        // code.
        entry & u64::from(length <= k).wrapping_neg()
    };
    for k in 1..bits {
        for (b, &first) in single[..1 << k].iter().enumerate() {
            fewer[(1 << k | b) % ENTRIES] = entry(first, k, &fewer, 1 << k | b);
        }
    }
    for (b, (place, &first)) in table.iter_mut().zip(single).enumerate() {
        *place = entry(first, bits, &fewer, ENTRIES | b);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Histogram, MAX_BITS};
    use super::*;

    /// Symbol by symbol.
    fn slow(bits: usize, width: u32, lengths: &CodeLengths) -> Entry {
        let codes = codes(&lengths.0);
        let (mut spent, mut n, mut symbols) = (0u32, 0, 0u64);
        'next: while n < PER_ENTRY {
            for (symbol, &code) in codes.iter().enumerate() {
                let length = u32::from(lengths.0[symbol]);
                let mask = (1usize << length) - 1;
                if length > 0
                    && spent + length <= width
                    && bits >> spent & mask == usize::from(code)
                {
                    symbols |= (symbol as u64) << (16 + 8 * n);
                    (n, spent) = (n + 1, spent + length);
                    continue 'next;
                }
            }
            break;
        }
        symbols | (n as u64) << 8 | u64::from(spent)
    }

    #[test]
    fn entries_are_what_one_symbol_after_the_other_gives() {
        for counts in [
            vec![(7u8, 1000u32), (200, 1)],
            vec![(0, 5), (1, 3), (2, 2), (255, 1)],
            (0..=255).map(|s| (s, 1 + u32::from(s) * u32::from(s))).collect(),
        ] {
            let mut histogram = Histogram::empty();
            for (symbol, count) in counts {
                histogram.counts[usize::from(symbol)] = count;
                histogram.total += count as usize;
            }
            let lengths = CodeLengths::of(&histogram, MAX_BITS);
            for (bits, &entry) in table::<{ 1 << MAX_BITS }>(&lengths).iter().enumerate() {
                assert_eq!(entry, slow(bits, MAX_BITS, &lengths), "{bits:011b}");
            }
            let lengths = CodeLengths::of(&histogram, 9);
            for (bits, &entry) in table::<512>(&lengths).iter().enumerate() {
                assert_eq!(entry, slow(bits, 9, &lengths), "{bits:09b}");
            }
            let lengths = CodeLengths::of(&histogram, 8);
            for (bits, &entry) in table::<256>(&lengths).iter().enumerate() {
                assert_eq!(entry, slow(bits, 8, &lengths), "{bits:08b}");
            }
        }
    }
}
