//! Encodes symbols to bits.

use super::{CodeLengths, STREAMS, codes, stream_symbols};

/// Symbols whose codes are written to a word together: up to 7 waiting bits and 5 codes of at most
/// 11 bits are 62 bits.
const GROUP: usize = 5;

/// Appends the coded plane to `out`. Every symbol of the plane has a code.
pub(crate) fn encode(plane: &[u8], lengths: &CodeLengths, out: &mut Vec<u8>) {
    lengths.write_to(out);
    let codes = codes(&lengths.0);
    let mut table = [0u32; 256];
    for ((entry, &code), &length) in table.iter_mut().zip(&codes).zip(&lengths.0) {
        *entry = u32::from(code) << 8 | u32::from(length);
    }
    // Each stream gets space for the longest codes and is moved to its place when its size is
    // known.
    let symbols = stream_symbols(plane.len());
    let room = symbols[0] * 11 / 8 + 16;
    let sizes_at = out.len();
    let data_at = sizes_at + 4 * (STREAMS - 1);
    out.resize(data_at + STREAMS * room, 0);
    let mut rest = plane;
    let streams = symbols.map(|n| {
        let (symbols, behind) = rest.split_at(n);
        rest = behind;
        symbols
    });
    let buffer = &mut out[data_at..];
    let sizes = pulp::Arch::new().dispatch(Streams { streams, table: &table, buffer, room });
    let mut end = data_at + sizes[0];
    for (i, size) in sizes.into_iter().enumerate().skip(1) {
        let at = data_at + i * room;
        out.copy_within(at..at + size, end);
        end += size;
    }
    out.truncate(end);
    for (field, size) in out[sizes_at..data_at].as_chunks_mut::<4>().0.iter_mut().zip(sizes) {
        *field = (size as u32).to_le_bytes();
    }
}

/// The four streams in parallel, compiled for each instruction set. Stream `i` begins at byte
/// `i * room` of the buffer.
struct Streams<'a> {
    streams: [&'a [u8]; STREAMS],
    table: &'a [u32; 256],
    buffer: &'a mut [u8],
    room: usize,
}

impl pulp::NullaryFnOnce for Streams<'_> {
    type Output = [usize; STREAMS];

    #[inline(always)]
    fn call(self) -> [usize; STREAMS] {
        let Self { streams, table, buffer, room } = self;
        let [a, b, c, d] = streams.map(|stream| stream.as_chunks::<GROUP>());
        let mut rooms = buffer.chunks_exact_mut(room);
        let mut writers = [(); STREAMS].map(|()| Writer::new(rooms.next().unwrap_or_default()));
        for (((a, b), c), d) in a.0.iter().zip(b.0).zip(c.0).zip(d.0) {
            for (writer, group) in writers.iter_mut().zip([a, b, c, d]) {
                writer.put(group, table);
                writer.flush();
            }
        }
        // The first three are equally long, the last one may be shorter.
        let n = d.0.len();
        for (writer, (groups, rest)) in writers.iter_mut().zip([a, b, c, d]) {
            for group in &groups[n..] {
                writer.put(group, table);
                writer.flush();
            }
            writer.put(rest, table);
            writer.flush();
        }
        writers.map(|writer| writer.at + usize::from(writer.n_bits > 0))
    }
}

/// Bits of one stream.
struct Writer<'a> {
    buffer: &'a mut [u8],
    at: usize,
    bits: u64,
    n_bits: u32,
}

impl<'a> Writer<'a> {
    fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, at: 0, bits: 0, n_bits: 0 }
    }

    /// Adds at most [`GROUP`] symbols.
    #[inline(always)]
    fn put(&mut self, symbols: &[u8], table: &[u32; 256]) {
        for &symbol in symbols {
            let entry = table[usize::from(symbol)];
            self.bits |= u64::from(entry >> 8) << (self.n_bits & 63);
            self.n_bits += entry & 255;
        }
    }

    /// Writes all bits; the next call writes the bits of the last, incomplete byte again.
    #[inline(always)]
    fn flush(&mut self) {
        self.buffer[self.at..self.at + 8].copy_from_slice(&self.bits.to_le_bytes());
        self.at += (self.n_bits / 8) as usize;
        self.bits >>= self.n_bits & 56;
        self.n_bits &= 7;
    }
}
