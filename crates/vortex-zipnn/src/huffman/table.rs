//! What the next bits of a stream mean: several symbols in one look-up.

use super::{CodeLengths, codes};

/// Symbols that one entry gives at most.
pub(super) const PER_ENTRY: usize = 6;

/// What the next bits of a stream say: from bit 16 on up to six symbols, their number in bits 8 to 15, and the
/// bits that they take together in bits 0 to 7.
pub(super) type Entry = u64;

/// Bits that the symbols of an entry take.
#[inline(always)]
pub(super) fn n_bits(entry: Entry) -> u32 {
    entry as u32 & 0xff
}

/// Symbols of an entry.
#[inline(always)]
pub(super) fn n_symbols(entry: Entry) -> usize {
    (entry >> 8) as usize & 7
}

/// An entry for each value of the next bits, of which there are `log2(ENTRIES)`, at least as many as the longest code
/// has.
pub(super) fn table<const ENTRIES: usize>(lengths: &CodeLengths) -> Box<[Entry; ENTRIES]> {
    let bits = ENTRIES.trailing_zeros();
    let mut single = [0u16; ENTRIES];
    for (symbol, (&code, &length)) in (0u16..).zip(codes(&lengths.0).iter().zip(&lengths.0)) {
        if length > 0 {
            for entry in single[usize::from(code)..].iter_mut().step_by(1 << length) {
                *entry = u16::from(length) << 8 | symbol;
            }
        }
    }
    // Of fewer bits first: entry `2^k + b` of `fewer` is for `k` known bits `b`. Behind a code of `l` bits
    // come the symbols of the entry whose number is smaller by `l` binary digits.
    let mut fewer = [0u64; ENTRIES];
    for k in 1..bits {
        for b in 0..1 << k {
            let at = 1 << k | b;
            fewer[at] = before(single[b], k, &fewer, at, lengths);
        }
    }
    let mut table = Box::new([0u64; ENTRIES]);
    for (b, entry) in table.iter_mut().enumerate() {
        *entry = before(single[b], bits, &fewer, ENTRIES | b, lengths);
    }
    table
}

/// The entry of `k` bits that begin with the code of `first`, or the empty one if they do not hold all of it.
#[inline(always)]
fn before(first: u16, k: u32, fewer: &[Entry], at: usize, lengths: &CodeLengths) -> Entry {
    let (symbol, length) = (u64::from(first & 0xff), u32::from(first >> 8));
    if length > k {
        return 0;
    }
    let mut rest = fewer[at >> length & (fewer.len() - 1)];
    if n_symbols(rest) == PER_ENTRY {
        // No room for the last one.
        let last = lengths.0[usize::from((rest >> (16 + 8 * (PER_ENTRY - 1))) as u8)];
        rest = (rest & !(0xff << (16 + 8 * (PER_ENTRY - 1)))) - 0x100 - u64::from(last);
    }
    let symbols = rest >> 16 << 24 | symbol << 16;
    symbols | (rest & 0xffff) + 0x100 + u64::from(length)
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
            for symbol in 0..256 {
                let length = u32::from(lengths.0[symbol]);
                let mask = (1usize << length) - 1;
                if length > 0
                    && spent + length <= width
                    && bits >> spent & mask == usize::from(codes[symbol])
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
            let lengths = CodeLengths::of(&histogram, 8);
            for (bits, &entry) in table::<256>(&lengths).iter().enumerate() {
                assert_eq!(entry, slow(bits, 8, &lengths), "{bits:08b}");
            }
        }
    }
}
