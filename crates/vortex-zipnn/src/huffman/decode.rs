//! Decodes bits to symbols.

use super::table::{Entry, PER_ENTRY, n_bits, n_symbols, table};
use super::{CodeLengths, MAX_BITS, MIDDLE_BITS, SHORT_BITS, STREAMS, stream_symbols};
use crate::bits::word;
use crate::error::{Error, Result};

/// Look-ups between two reads of a stream: 5 of 11 bits, after up to 7 used bits, and one counter
/// bit.
const LOOKUPS: usize = 5;
/// Most bytes that one round writes to the output of a stream, including the whole word of the last
/// look-up; rounded up so that bounds are known at compile time.
const ROUND: usize = 40;
const _: () = assert!(ROUND >= (LOOKUPS - 1) * PER_ENTRY + 8);
/// A marker 1 above the bits of a stream; its position gives the number of used bits.
const MARK: u64 = 1 << 63;

/// Decodes the output of `encode` into `plane`. All of `coded` must be used.
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
    let decode = Decode { streams, plane, lengths: &lengths };
    let arch = pulp::Arch::new();
    let longest = lengths.longest();
    if longest <= SHORT_BITS {
        arch.dispatch(By::<{ 1 << SHORT_BITS }>(decode))
    } else if longest <= MIDDLE_BITS {
        arch.dispatch(By::<{ 1 << MIDDLE_BITS }>(decode))
    } else {
        arch.dispatch(By::<{ 1 << MAX_BITS }>(decode))
    }
}

struct Decode<'a> {
    streams: [&'a [u8]; STREAMS],
    plane: &'a mut [u8],
    lengths: &'a CodeLengths,
}

/// Decoding with a table of this number of entries, compiled for each instruction set.
struct By<'a, const ENTRIES: usize>(Decode<'a>);

impl<const ENTRIES: usize> pulp::NullaryFnOnce for By<'_, ENTRIES> {
    type Output = Result<()>;

    #[inline(always)]
    fn call(self) -> Result<()> {
        let Decode { streams, plane, lengths } = self.0;
        let table = &*table::<ENTRIES>(lengths);
        let mut rest = plane;
        let mut sizes = stream_symbols(rest.len()).into_iter();
        let mut lanes = streams.map(|stream| {
            let (output, behind) =
                std::mem::take(&mut rest).split_at_mut(sizes.next().unwrap_or(0));
            rest = behind;
            Lane { stream, byte: 0, bits: MARK, output }
        });
        all_rounds(&mut lanes, table);
        lanes.into_iter().try_for_each(|lane| finish(lane, table, lengths))
    }
}

/// The position in a stream, and the place of its next symbol.
struct Lane<'a> {
    stream: &'a [u8],
    /// Place where `bits` were read.
    byte: usize,
    /// The unused bits, below the marker.
    bits: u64,
    /// The rest of the output.
    output: &'a mut [u8],
}

impl Lane<'_> {
    fn bit(&self) -> usize {
        self.byte * 8 + self.bits.leading_zeros() as usize
    }

    /// True if a whole round remains.
    fn goes_on(&self) -> bool {
        self.output.len() >= ROUND && self.bit() / 8 + 8 <= self.stream.len()
    }
}

/// Decodes whole rounds of all streams.
#[inline(always)]
fn all_rounds<const ENTRIES: usize>(lanes: &mut [Lane<'_>; STREAMS], table: &[Entry; ENTRIES]) {
    // Streams end at different times; those that continue come first.
    let mut n = STREAMS;
    loop {
        let mut i = 0;
        while i < n {
            if lanes[i].goes_on() {
                i += 1;
            } else {
                n -= 1;
                lanes.swap(i, n);
            }
        }
        match &mut lanes[..n] {
            [] => return,
            [a] => rounds([a], table),
            [a, b] => rounds([a, b], table),
            [a, b, c] => rounds([a, b, c], table),
            [a, b, c, d, ..] => rounds([a, b, c, d], table),
        }
    }
}

/// Decodes from `N` streams until the first one ends.
#[inline(always)]
fn rounds<const N: usize, const ENTRIES: usize>(
    mut lanes: [&mut Lane<'_>; N],
    table: &[Entry; ENTRIES],
) {
    let streams = lanes.each_ref().map(|lane| lane.stream);
    let mut bits = lanes.each_ref().map(|lane| lane.bits);
    let mut byte = lanes.each_ref().map(|lane| lane.byte);
    let mut outputs = lanes.each_mut().map(|lane| std::mem::take(&mut lane.output));
    'rounds: loop {
        let (mut next_bits, mut next_byte) = (bits, byte);
        for s in 0..N {
            let spent = bits[s].leading_zeros();
            next_byte[s] += (spent / 8) as usize;
            let Some(word) = streams[s].get(next_byte[s]..).and_then(<[u8]>::first_chunk) else {
                break 'rounds;
            };
            next_bits[s] = (u64::from_le_bytes(*word) | MARK) >> (spent % 8);
        }
        if outputs.iter().any(|output| output.len() < ROUND) {
            break;
        }
        (bits, byte) = (next_bits, next_byte);
        let mut windows = [const { None }; N];
        for (window, output) in windows.iter_mut().zip(&mut outputs) {
            *window = output.first_chunk_mut::<ROUND>();
        }
        let mut n = [0usize; N];
        // The streams alternate, because each look-up waits for the previous one in its stream.
        for _ in 0..LOOKUPS {
            for s in 0..N {
                let entry = table[bits[s] as usize % ENTRIES];
                if let Some(window) = &mut windows[s] {
                    window[n[s]..n[s] + 8].copy_from_slice(&(entry >> 16).to_le_bytes());
                }
                bits[s] >>= n_bits(entry) & 63;
                n[s] += n_symbols(entry);
            }
        }
        for (output, n) in outputs.iter_mut().zip(n) {
            *output = &mut std::mem::take(output)[n..];
        }
    }
    for (s, (lane, output)) in lanes.into_iter().zip(outputs).enumerate() {
        *lane = Lane { stream: streams[s], byte: byte[s], bits: bits[s], output };
    }
}

/// Fills the rest of an output, and checks that the stream ends with it.
fn finish<const ENTRIES: usize>(
    lane: Lane<'_>,
    table: &[Entry; ENTRIES],
    lengths: &CodeLengths,
) -> Result<()> {
    let mut bit = lane.bit();
    let Lane { stream, mut output, .. } = lane;
    while !output.is_empty() {
        let mut entry = table[word(stream, bit) as usize % ENTRIES];
        let n = n_symbols(entry).min(output.len());
        let (symbols, behind) = output.split_at_mut(n);
        for symbol in symbols {
            entry >>= 8;
            *symbol = (entry >> 8) as u8;
            bit += usize::from(lengths.0[usize::from(*symbol)]);
        }
        output = behind;
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
