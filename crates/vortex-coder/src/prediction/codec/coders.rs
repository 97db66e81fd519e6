//! What is done with the symbols of a block: they are written, read or measured.

use crate::cdf::{Cdf, Interval};
use crate::cost::{COST_ONE_BIT, cost};
use crate::layout::RecordLayout;
use crate::range::{RangeDecoder, RangeEncoder};

/// What is done with each symbol of a block: it is written, read or measured.
pub(super) trait SymbolCoder {
    /// Symbols of one record, before its first one is coded; `first` if it is the first of its lane.
    fn load(&mut self, layout: &RecordLayout, record: usize, first: bool, symbols: &mut [u8]);
    /// Codes `symbol` under `cdf` and returns it (a decoder returns the symbol that it reads).
    /// `None` when the distribution has no such symbol.
    fn code(&mut self, cdf: &Cdf, role: usize, symbol: u8) -> Option<u8>;
    /// Codes `symbol` as one of `alphabet` equally likely ones.
    fn code_flat(&mut self, alphabet: u16, role: usize, symbol: u8) -> Option<u8>;
    /// Symbols of one record, after its last one was coded.
    fn store(&mut self, layout: &RecordLayout, record: usize, first: bool, symbols: &[u8]);
    /// Called between records: whether the rest of the block can be skipped.
    fn is_over(&self) -> bool {
        false
    }
}

/// What is done with the known symbols of a block: they are written or measured.
pub(super) trait Sink {
    /// Takes a symbol by its interval.
    fn take(&mut self, interval: Interval, role: usize);
    /// Takes one of `alphabet` equally likely symbols.
    fn take_flat(&mut self, alphabet: u16, role: usize, symbol: u8);
}

/// The records of a block, which are passed to a [`Sink`].
pub(super) struct Encode<'a, S> {
    pub(super) bytes: &'a [u8],
    pub(super) sink: S,
}

impl<S: Sink> SymbolCoder for Encode<'_, S> {
    fn load(&mut self, layout: &RecordLayout, record: usize, first: bool, symbols: &mut [u8]) {
        let (behind, rest) = self.bytes.split_at(record * layout.stride());
        layout.to_symbols(last_of(layout, behind, first), &rest[..layout.stride()], symbols);
    }
    #[inline]
    fn code(&mut self, cdf: &Cdf, role: usize, symbol: u8) -> Option<u8> {
        self.sink.take(cdf.interval(symbol)?, role);
        Some(symbol)
    }
    #[inline]
    fn code_flat(&mut self, alphabet: u16, role: usize, symbol: u8) -> Option<u8> {
        self.sink.take_flat(alphabet, role, symbol);
        (u16::from(symbol) < alphabet).then_some(symbol)
    }
    fn store(&mut self, _layout: &RecordLayout, _record: usize, _first: bool, _symbols: &[u8]) {}
}

impl Sink for RangeEncoder {
    #[inline]
    fn take(&mut self, interval: Interval, _role: usize) {
        self.encode(interval);
    }
    #[inline]
    fn take_flat(&mut self, alphabet: u16, _role: usize, symbol: u8) {
        if alphabet == 256 {
            self.encode_bits(symbol.into(), 8);
        } else if let Some(interval) = Cdf::uniform(alphabet).interval(symbol) {
            self.encode(interval);
        }
    }
}

/// Costs by role.
pub(super) struct Costs(pub(super) Vec<u64>);

impl Sink for Costs {
    fn take(&mut self, interval: Interval, role: usize) {
        self.0[role] += u64::from(cost(interval.freq(), interval.total()));
    }
    fn take_flat(&mut self, alphabet: u16, role: usize, _symbol: u8) {
        let bits = if alphabet == 256 { 8 * COST_ONE_BIT } else { cost(1, alphabet.into()) };
        self.0[role] += u64::from(bits);
    }
}

pub(super) struct Decode<'a> {
    pub(super) input: RangeDecoder<'a>,
    pub(super) out: &'a mut [u8],
}

impl SymbolCoder for Decode<'_> {
    fn load(&mut self, _layout: &RecordLayout, _record: usize, _first: bool, _symbols: &mut [u8]) {}
    #[inline]
    fn code(&mut self, cdf: &Cdf, _role: usize, _symbol: u8) -> Option<u8> {
        Some(self.input.decode(cdf))
    }
    #[inline]
    fn code_flat(&mut self, alphabet: u16, _role: usize, _symbol: u8) -> Option<u8> {
        if alphabet == 256 {
            return Some(self.input.decode_bits(8).to_le_bytes()[0]);
        }
        Some(self.input.decode(&Cdf::uniform(alphabet)))
    }
    fn store(&mut self, layout: &RecordLayout, record: usize, first: bool, symbols: &[u8]) {
        let (behind, rest) = self.out.split_at_mut(record * layout.stride());
        layout.to_record(last_of(layout, behind, first), symbols, &mut rest[..layout.stride()]);
    }
    fn is_over(&self) -> bool {
        // A truncated stream would continue with zeros, which need not be decoded.
        self.input.is_truncated()
    }
}

/// The last of some records; `None` before the `first` record of a lane.
fn last_of<'a>(layout: &RecordLayout, records: &'a [u8], first: bool) -> Option<&'a [u8]> {
    if first { None } else { records.rchunks_exact(layout.stride()).next() }
}
