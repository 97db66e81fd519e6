//! Symbols to bits.

use super::{CodeLengths, STREAMS, codes, stream_symbols};

/// Appends the coded plane to `out`. Every symbol of the plane has a code.
pub(crate) fn encode(plane: &[u8], lengths: &CodeLengths, out: &mut Vec<u8>) {
    lengths.write_to(out);
    let codes = codes(&lengths.0);
    let mut table = [0u32; 256];
    for ((entry, &code), &length) in table.iter_mut().zip(&codes).zip(&lengths.0) {
        *entry = u32::from(code) << 8 | u32::from(length);
    }
    let sizes_at = out.len();
    out.resize(sizes_at + 4 * (STREAMS - 1), 0);
    let mut rest = plane;
    for (i, n) in stream_symbols(plane.len()).into_iter().enumerate() {
        let (symbols, behind) = rest.split_at(n);
        rest = behind;
        let start = out.len();
        pulp::Arch::new().dispatch(Stream { symbols, table: &table, out });
        if i < STREAMS - 1 {
            let at = sizes_at + 4 * i;
            let size = (out.len() - start) as u32;
            out[at..at + 4].copy_from_slice(&size.to_le_bytes());
        }
    }
}

/// One stream, compiled for each level of instructions.
struct Stream<'a> {
    symbols: &'a [u8],
    table: &'a [u32; 256],
    out: &'a mut Vec<u8>,
}

impl pulp::NullaryFnOnce for Stream<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { symbols, table, out } = self;
        let start = out.len();
        // 11 bits a symbol at most, and room for whole words behind.
        out.resize(start + symbols.len() * 11 / 8 + 16, 0);
        let buffer = &mut out[start..];
        let (mut bits, mut n_bits, mut at) = (0u64, 0u32, 0usize);
        // Fewer than 8 bits wait, and 5 codes of at most 11 bits join them: 62.
        let (groups, rest) = symbols.as_chunks::<5>();
        for group in groups {
            for &symbol in group {
                let entry = table[usize::from(symbol)];
                bits |= u64::from(entry >> 8) << n_bits;
                n_bits += entry & 255;
            }
            buffer[at..at + 8].copy_from_slice(&bits.to_le_bytes());
            let whole = n_bits / 8;
            at += whole as usize;
            bits >>= 8 * whole;
            n_bits &= 7;
        }
        for &symbol in rest {
            let entry = table[usize::from(symbol)];
            bits |= u64::from(entry >> 8) << n_bits;
            n_bits += entry & 255;
        }
        buffer[at..at + 8].copy_from_slice(&bits.to_le_bytes());
        at += n_bits.div_ceil(8) as usize;
        out.truncate(start + at);
    }
}
