//! The one loop that encodes, decodes and measures: a predictor's lanes over a block of records.
//!
//! What happens to a symbol is the business of a `SymbolCoder`; which symbol of which lane is
//! next, and with which distribution, is decided here, once. So encoder and decoder cannot
//! disagree about it.

use crate::cdf::Cdf;
use crate::cost::{COST_ONE_BIT, cost};
use crate::error::{Error, Result};
use crate::layout::{RecordLayout, Role};
use crate::predictor::{Coding, Predictor};
use crate::range::{RangeDecoder, RangeEncoder};

/// Most lanes of a block.
pub const MAX_LANES: usize = 1024;
/// Most bytes that the lanes of one block may take in a predictor, so that a small file cannot ask for
/// all memory: 64 lanes of the largest models fit.
pub const MAX_STATE_BYTES: u64 = 4 << 30;

/// The number of lanes for a block of so many bytes: one for every 16 KiB, 1 to 64. Lanes make a
/// network's matrix products larger, and each starts without a history.
pub fn lanes_for(block_bytes: usize) -> usize {
    (block_bytes / (16 << 10)).clamp(1, 64)
}

/// What becomes of each symbol: written, read or weighed.
trait SymbolCoder {
    /// Symbols of one record, before its first one is coded; `first` if it is the first of its lane.
    fn load(&mut self, layout: &RecordLayout, record: usize, first: bool, symbols: &mut [u8]);
    /// Codes `symbol` under `cdf` and returns it (a decoder: returns what it reads instead).
    /// `None` when the distribution has no such symbol.
    fn code(&mut self, cdf: &Cdf, role: usize, symbol: u8) -> Option<u8>;
    /// Codes `symbol` as one of `alphabet` equally likely ones.
    fn code_flat(&mut self, alphabet: u16, role: usize, symbol: u8) -> Option<u8>;
    /// Symbols of one record, after its last one was coded.
    fn store(&mut self, layout: &RecordLayout, record: usize, first: bool, symbols: &[u8]);
    /// Called between records.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// Encodes whole records. The stream does not say how many records or lanes there are.
///
/// # Errors
/// [`crate::ErrorKind::InvalidArgument`] when `bytes` is no whole number of records, `lanes` is 0
/// or beyond [`MAX_LANES`], or the predictor's distributions do not fit the layout's alphabets.
pub fn encode_records(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    bytes: &[u8],
    lanes: usize,
) -> Result<Vec<u8>> {
    let records = count_records(layout, bytes.len())?;
    let out = RangeEncoder::with_capacity(bytes.len() / 2);
    let mut sink = Encode { bytes, out };
    run(predictor, layout, records, lanes, &mut sink)?;
    Ok(sink.out.finish())
}

/// Decodes what [`encode_records`] made of `out.len()` bytes with an equal predictor, the same
/// layout and the same number of lanes.
///
/// # Errors
/// [`crate::ErrorKind::Truncated`] or [`crate::ErrorKind::Corrupt`] for a payload of the wrong
/// length (a damaged payload of the right length gives wrong bytes: keep a checksum);
/// [`crate::ErrorKind::InvalidArgument`] as for [`encode_records`].
pub fn decode_records(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    payload: &[u8],
    lanes: usize,
    out: &mut [u8],
) -> Result<()> {
    let records = count_records(layout, out.len())?;
    let mut source = Decode { input: RangeDecoder::new(payload), out };
    run(predictor, layout, records, lanes, &mut source)?;
    source.input.finish()
}

/// The cost of coding whole records, for each role, in units of 2^-16 bits
/// ([`COST_ONE_BIT`] of them are a bit): what [`encode_records`] would write, to about 2^-15 bits
/// a symbol.
///
/// # Errors
/// As [`encode_records`].
pub fn measure_records(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    bytes: &[u8],
    lanes: usize,
) -> Result<Vec<u64>> {
    let records = count_records(layout, bytes.len())?;
    let mut sink = Measure { bytes, cost: vec![0; layout.roles().len()] };
    run(predictor, layout, records, lanes, &mut sink)?;
    Ok(sink.cost)
}

fn count_records(layout: &RecordLayout, bytes: usize) -> Result<usize> {
    let stride = layout.stride();
    if !bytes.is_multiple_of(stride) {
        return Err(Error::invalid_argument(format!(
            "{bytes} bytes are not a whole number of records of {stride} bytes"
        )));
    }
    Ok(bytes / stride)
}

/// Lane `i` takes `n / lanes + (i < n % lanes)` consecutive records; lanes advance together, role
/// by role, and when the shorter ones have ended the first `n % lanes` go on for one record.
fn run<C: SymbolCoder>(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    records: usize,
    lanes: usize,
    coder: &mut C,
) -> Result<()> {
    if lanes == 0 || lanes > MAX_LANES {
        return Err(Error::invalid_argument(format!(
            "{lanes} lanes; 1 to {MAX_LANES} are possible"
        )));
    }
    if records == 0 {
        return Ok(());
    }
    let lanes = lanes.min(records);
    let state_bytes = lanes as u64 * predictor.lane_bytes() as u64;
    if state_bytes > MAX_STATE_BYTES {
        return Err(Error::limit_exceeded(format!(
            "{lanes} lanes of {} bytes in the model; {MAX_STATE_BYTES} bytes in all are possible: \
             use fewer lanes",
            predictor.lane_bytes()
        )));
    }
    let (each, longer) = (records / lanes, records % lanes);
    let first_record: Vec<usize> = (0..lanes).map(|i| i * each + i.min(longer)).collect();
    let n_roles = layout.roles().len();
    let mut symbols = vec![0u8; lanes * n_roles];
    let mut step_symbols = vec![0u8; lanes];
    let mut cdfs = vec![Cdf::default(); lanes];

    predictor.begin(lanes);
    for step in 0..each + usize::from(longer > 0) {
        let active = if step < each { lanes } else { longer };
        for (lane, symbols) in symbols.chunks_exact_mut(n_roles).take(active).enumerate() {
            coder.load(layout, first_record[lane] + step, step == 0, symbols);
        }
        for (role, &Role { alphabet, .. }) in layout.roles().iter().enumerate() {
            let coding = predictor.predict(active, &mut cdfs[..active]);
            for (lane, (cdf, step_symbol)) in
                cdfs.iter().zip(&mut step_symbols[..active]).enumerate()
            {
                let symbol = &mut symbols[lane * n_roles + role];
                let coded = match coding {
                    Coding::Modelled => coder.code(cdf, role, *symbol),
                    Coding::Flat => coder.code_flat(alphabet, role, *symbol),
                };
                let Some(coded) = coded else {
                    return Err(Error::invalid_argument(format!(
                        "symbol {symbol} of role {role} is outside the alphabet: role {alphabet}, \
                         distribution {} symbols",
                        cdf.len()
                    )));
                };
                *symbol = coded;
                *step_symbol = coded;
            }
            predictor.update(&step_symbols[..active]);
        }
        for (lane, symbols) in symbols.chunks_exact(n_roles).take(active).enumerate() {
            coder.store(layout, first_record[lane] + step, step == 0, symbols);
        }
        coder.check()?;
    }
    Ok(())
}

/// Symbols of a record, one of many.
fn symbols_of(layout: &RecordLayout, bytes: &[u8], record: usize, first: bool, symbols: &mut [u8]) {
    let (behind, rest) = bytes.split_at(record * layout.stride());
    layout.to_symbols(last_of(layout, behind, first), &rest[..layout.stride()], symbols);
}

/// The last of some records, but nothing before the `first` one of a lane.
fn last_of<'a>(layout: &RecordLayout, records: &'a [u8], first: bool) -> Option<&'a [u8]> {
    if first { None } else { records.rchunks_exact(layout.stride()).next() }
}

struct Encode<'a> {
    bytes: &'a [u8],
    out: RangeEncoder,
}

impl SymbolCoder for Encode<'_> {
    fn load(&mut self, layout: &RecordLayout, record: usize, first: bool, symbols: &mut [u8]) {
        symbols_of(layout, self.bytes, record, first, symbols);
    }
    #[inline]
    fn code(&mut self, cdf: &Cdf, _role: usize, symbol: u8) -> Option<u8> {
        self.out.encode(cdf.interval(symbol)?);
        Some(symbol)
    }
    #[inline]
    fn code_flat(&mut self, alphabet: u16, _role: usize, symbol: u8) -> Option<u8> {
        if alphabet == 256 {
            self.out.encode_bits(symbol.into(), 8);
        } else {
            self.out.encode(Cdf::uniform(alphabet).interval(symbol)?);
        }
        Some(symbol)
    }
    fn store(&mut self, _layout: &RecordLayout, _record: usize, _first: bool, _symbols: &[u8]) {}
}

struct Decode<'a> {
    input: RangeDecoder<'a>,
    out: &'a mut [u8],
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
    fn check(&self) -> Result<()> {
        // A stream that was cut would go on as zeros; no need to decode them all.
        if self.input.is_truncated() { self.input.clone().finish() } else { Ok(()) }
    }
}

struct Measure<'a> {
    bytes: &'a [u8],
    cost: Vec<u64>,
}

impl SymbolCoder for Measure<'_> {
    fn load(&mut self, layout: &RecordLayout, record: usize, first: bool, symbols: &mut [u8]) {
        symbols_of(layout, self.bytes, record, first, symbols);
    }
    fn code(&mut self, cdf: &Cdf, role: usize, symbol: u8) -> Option<u8> {
        self.cost[role] += u64::from(cost(cdf.interval(symbol)?.freq(), cdf.total()));
        Some(symbol)
    }
    fn code_flat(&mut self, alphabet: u16, role: usize, symbol: u8) -> Option<u8> {
        let bits = if alphabet == 256 { 8 * COST_ONE_BIT } else { cost(1, alphabet.into()) };
        self.cost[role] += u64::from(bits);
        (u16::from(symbol) < alphabet).then_some(symbol)
    }
    fn store(&mut self, _layout: &RecordLayout, _record: usize, _first: bool, _symbols: &[u8]) {}
}
