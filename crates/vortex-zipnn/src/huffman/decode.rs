//! Bits to symbols.

use super::{CodeLengths, MAX_BITS, STREAMS, codes, stream_symbols};
use crate::error::{Error, Result};

/// Entries of the table: one for each value of the next 11 bits.
const ENTRIES: usize = 1 << MAX_BITS;
/// Symbols that one entry gives at most.
const PER_ENTRY: u32 = 6;
/// Look-ups between two readings of the stream: 5 of 11 bits, behind up to 7 that are spent.
const LOOKUPS: usize = 5;

/// Each entry: up to six symbols in its low 48 bits, their number in bits 48 to 55, and the bits that
/// they take together in bits 56 to 63.
type Table = [u64; ENTRIES];

/// Fills `plane` from what `encode` wrote. `coded` must be used up.
pub(crate) fn decode(coded: &[u8], plane: &mut [u8]) -> Result<()> {
    let mut rest = coded;
    let lengths = CodeLengths::read_from(&mut rest)?;
    let (sizes, mut rest) = rest
        .split_at_checked(4 * (STREAMS - 1))
        .ok_or_else(|| Error::corrupt("the sizes of Huffman streams are missing"))?;
    let mut streams = [&[][..]; STREAMS];
    for (stream, size) in streams.iter_mut().zip(sizes.as_chunks::<4>().0) {
        let size = u32::from_le_bytes(*size) as usize;
        (*stream, rest) = rest.split_at_checked(size).ok_or_else(|| {
            Error::corrupt(format!("a Huffman stream of {size} bytes, but {} are left", rest.len()))
        })?;
    }
    streams[STREAMS - 1] = rest;
    let table = table(&lengths);
    let [a, b, c, _] = stream_symbols(plane.len());
    let (first, plane) = plane.split_at_mut(a);
    let (second, plane) = plane.split_at_mut(b);
    let (third, fourth) = plane.split_at_mut(c);
    let outputs = [first, second, third, fourth];
    pulp::Arch::new().dispatch(Streams { streams, outputs, table: &table, lengths: &lengths })
}

fn table(lengths: &CodeLengths) -> Box<Table> {
    let codes = codes(&lengths.0);
    let mut single = [0u16; ENTRIES];
    for (symbol, (&code, &length)) in (0u16..).zip(codes.iter().zip(&lengths.0)) {
        if length > 0 {
            for entry in single[usize::from(code)..].iter_mut().step_by(1 << length) {
                *entry = u16::from(length) << 8 | symbol;
            }
        }
    }
    let mut table = Box::new([0u64; ENTRIES]);
    for (bits, entry) in table.iter_mut().enumerate() {
        let (mut spent, mut n, mut symbols) = (0u32, 0u32, 0u64);
        while n < PER_ENTRY {
            let next = single[bits >> spent];
            let length = u32::from(next >> 8);
            if spent + length > MAX_BITS {
                break;
            }
            symbols |= u64::from(next & 255) << (8 * n);
            spent += length;
            n += 1;
        }
        *entry = symbols | u64::from(n) << 48 | u64::from(spent) << 56;
    }
    table
}

/// The four streams, compiled for each level of instructions.
struct Streams<'a> {
    streams: [&'a [u8]; STREAMS],
    outputs: [&'a mut [u8]; STREAMS],
    table: &'a Table,
    lengths: &'a CodeLengths,
}

impl pulp::NullaryFnOnce for Streams<'_> {
    type Output = Result<()>;

    #[inline(always)]
    fn call(self) -> Result<()> {
        let Self { streams, mut outputs, table, lengths } = self;
        // What one round writes at most, the last look-up's whole word included.
        const ROUND: usize = (LOOKUPS - 1) * PER_ENTRY as usize + 8;
        let mut bit = [0usize; STREAMS];
        let mut at = [0usize; STREAMS];
        while (0..STREAMS)
            .all(|s| bit[s] / 8 + 8 <= streams[s].len() && at[s] + ROUND <= outputs[s].len())
        {
            let mut bits = [0u64; STREAMS];
            for s in 0..STREAMS {
                let start = bit[s] / 8;
                let mut word = [0; 8];
                word.copy_from_slice(&streams[s][start..start + 8]);
                bits[s] = u64::from_le_bytes(word) >> (bit[s] % 8);
            }
            let mut outputs = outputs.iter_mut().zip(&at);
            let windows = [(); STREAMS].map(|()| match outputs.next() {
                Some((output, &at)) => &mut output[at..at + ROUND],
                None => &mut [],
            });
            let (mut n, mut spent) = ([0usize; STREAMS], [0usize; STREAMS]);
            // The streams take turns, as each look-up waits for the one before in its stream.
            for _ in 0..LOOKUPS {
                for s in 0..STREAMS {
                    let entry = table[bits[s] as usize % ENTRIES];
                    windows[s][n[s]..n[s] + 8].copy_from_slice(&entry.to_le_bytes());
                    let length = entry >> 56;
                    bits[s] >>= length & 63;
                    spent[s] += length as usize;
                    n[s] += (entry >> 48) as usize & 255;
                }
            }
            for s in 0..STREAMS {
                bit[s] += spent[s];
                at[s] += n[s];
            }
        }
        for s in 0..STREAMS {
            finish(streams[s], bit[s], &mut outputs[s][at[s]..], table, lengths)?;
        }
        Ok(())
    }
}

/// Fills the rest of an output, and checks that the stream ends with it.
fn finish(
    stream: &[u8],
    mut bit: usize,
    output: &mut [u8],
    table: &Table,
    lengths: &CodeLengths,
) -> Result<()> {
    let mut at = 0;
    while at < output.len() {
        let mut word = [0; 8];
        let tail = &stream[(bit / 8).min(stream.len())..];
        let n = tail.len().min(8);
        word[..n].copy_from_slice(&tail[..n]);
        let mut entry = table[(u64::from_le_bytes(word) >> (bit % 8)) as usize % ENTRIES];
        let n = ((entry >> 48) as usize & 255).min(output.len() - at);
        for symbol in &mut output[at..at + n] {
            *symbol = entry as u8;
            bit += usize::from(lengths.0[usize::from(*symbol)]);
            entry >>= 8;
        }
        at += n;
    }
    let padding_is_zero =
        bit.is_multiple_of(8) || stream.get(bit / 8).is_some_and(|b| b >> (bit % 8) == 0);
    if bit.div_ceil(8) != stream.len() || !padding_is_zero {
        return Err(Error::corrupt(format!(
            "a Huffman stream of {} bytes whose symbols end at bit {bit}",
            stream.len()
        )));
    }
    Ok(())
}
