//! The one loop that encodes, decodes and measures: a predictor's lanes over a group of blocks.
//!
//! What happens to a symbol is the business of a `SymbolCoder`, one for each block; which symbol of
//! which lane is next, and with which distribution, is decided here, once. So encoder and decoder
//! cannot disagree about it.

use std::cmp::Reverse;
use std::ops::Range;

use crate::cdf::{Cdf, Interval};
use crate::cost::{COST_ONE_BIT, cost};
use crate::error::{Error, Result};
use crate::layout::{RecordLayout, Role};
use crate::model::{BlockPayload, BlockRecords};
use crate::predictor::{Coding, Predictor};
use crate::range::{RangeDecoder, RangeEncoder};
use crate::score::{Known, Score};

/// Most lanes of a block.
pub const MAX_LANES: usize = 1024;
/// Most bytes that the lanes of one block may take in a predictor, so that a small file cannot ask for
/// all memory: 64 lanes of the largest models fit. Blocks advance together only as far as their
/// lanes fit too.
pub const MAX_STATE_BYTES: u64 = 4 << 30;

/// The number of lanes for a block of so many bytes: one for every 16 KiB, 1 to 64. Lanes make a
/// network's matrix products larger, and each starts without a history.
pub fn lanes_for(block_bytes: usize) -> usize {
    (block_bytes / (16 << 10)).clamp(1, 64)
}

/// What becomes of each symbol of a block: written, read or weighed.
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
    /// Asked between records: whether nothing that follows can matter.
    fn is_over(&self) -> bool {
        false
    }
}

/// Encodes the whole records of one block. The stream does not say how many records or lanes there are.
///
/// # Errors
/// [`crate::ErrorKind::InvalidArgument`] when `bytes` is no whole number of records, `lanes` is 0
/// or beyond [`MAX_LANES`], or the predictor's distributions do not fit the layout's alphabets;
/// [`crate::ErrorKind::LimitExceeded`] when the lanes take more than [`MAX_STATE_BYTES`].
pub fn encode_records(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    bytes: &[u8],
    lanes: usize,
) -> Result<Vec<u8>> {
    let mut payloads = encode_group(predictor, layout, &[BlockRecords { bytes, lanes }])?;
    Ok(payloads.pop().expect("one payload for one block"))
}

/// Decodes what [`encode_records`] made of `out.len()` bytes with an equal predictor, the same
/// layout and the same number of lanes.
///
/// # Errors
/// [`crate::ErrorKind::Truncated`] or [`crate::ErrorKind::Corrupt`] for a payload of the wrong
/// length (a damaged payload of the right length gives wrong bytes: keep a checksum);
/// otherwise as for [`encode_records`].
pub fn decode_records(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    payload: &[u8],
    lanes: usize,
    out: &mut [u8],
) -> Result<()> {
    let mut results = decode_group(predictor, layout, &mut [BlockPayload { payload, lanes, out }]);
    results.pop().expect("one result for one block")
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
    let mut costs = measure_group(predictor, layout, &[BlockRecords { bytes, lanes }])?;
    Ok(costs.pop().expect("the costs of one block"))
}

/// [`encode_records`] for each block of a group, as many of them at once as the predictor takes.
///
/// # Errors
/// As [`encode_records`].
pub fn encode_group(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    group: &[BlockRecords<'_>],
) -> Result<Vec<Vec<u8>>> {
    let encoder = |bytes: &[u8]| RangeEncoder::with_capacity(bytes.len() / 2);
    let encoders = code_known(predictor, layout, group, encoder)?;
    Ok(encoders.into_iter().map(RangeEncoder::finish).collect())
}

/// [`measure_records`] for each block of a group, as many of them at once as the predictor takes.
///
/// # Errors
/// As [`encode_records`].
pub fn measure_group(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    group: &[BlockRecords<'_>],
) -> Result<Vec<Vec<u64>>> {
    let costs = |_: &[u8]| Costs(vec![0; layout.roles().len()]);
    let costs = code_known(predictor, layout, group, costs)?;
    Ok(costs.into_iter().map(|costs| costs.0).collect())
}

/// Runs the records of each block into a sink.
fn code_known<S: Sink>(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    group: &[BlockRecords<'_>],
    sink: impl Fn(&[u8]) -> S,
) -> Result<Vec<S>> {
    let mut blocks = Vec::with_capacity(group.len());
    for &BlockRecords { bytes, lanes } in group {
        let coder = Encode { bytes, sink: sink(bytes) };
        blocks.push(Block::new(predictor, layout, bytes.len(), lanes, coder)?);
    }
    let mut rest = &mut blocks[..];
    while !rest.is_empty() {
        let (now, later) = rest.split_at_mut(together(predictor, rest));
        let lanes = now.iter().map(|block| block.lanes).sum();
        match predictor.records_to_score(lanes) {
            0 => run(predictor, layout, now)?,
            records => run_scored(predictor, layout, now, records)?,
        }
        rest = later;
    }
    Ok(blocks.into_iter().map(|block| block.coder.sink).collect())
}

/// [`decode_records`] for each block of a group, as many of them at once as the predictor takes. One
/// result a block.
///
/// # Errors
/// As [`decode_records`].
pub fn decode_group(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    group: &mut [BlockPayload<'_>],
) -> Vec<Result<()>> {
    let (mut results, mut sound, mut blocks) = (Vec::new(), Vec::new(), Vec::new());
    for (number, BlockPayload { payload, lanes, out }) in group.iter_mut().enumerate() {
        let bytes = out.len();
        let coder = Decode { input: RangeDecoder::new(payload), out };
        let block = Block::new(predictor, layout, bytes, *lanes, coder);
        results.push(block.map(|block| {
            sound.push(number);
            blocks.push(block);
        }));
    }
    let (mut rest, mut numbers) = (&mut blocks[..], sound.into_iter());
    while !rest.is_empty() {
        let (now, later) = rest.split_at_mut(together(predictor, rest));
        let ran = run(predictor, layout, now);
        for (block, number) in now.iter().zip(&mut numbers) {
            results[number] = match &ran {
                Ok(()) => block.coder.input.clone().finish(),
                Err(error) => Err(Error::new(error.kind, error.message.clone())),
            };
        }
        rest = later;
    }
    results
}

/// One block on its way through the loop.
struct Block<C> {
    records: usize,
    /// No more than there are records.
    lanes: usize,
    coder: C,
}

impl<C> Block<C> {
    /// A block of `bytes` bytes, if it and its lanes are possible.
    fn new(
        predictor: &dyn Predictor,
        layout: &RecordLayout,
        bytes: usize,
        lanes: usize,
        coder: C,
    ) -> Result<Self> {
        let stride = layout.stride();
        if !bytes.is_multiple_of(stride) {
            return Err(Error::invalid_argument(format!(
                "{bytes} bytes are not a whole number of records of {stride} bytes"
            )));
        }
        if lanes == 0 || lanes > MAX_LANES {
            return Err(Error::invalid_argument(format!(
                "{lanes} lanes; 1 to {MAX_LANES} are possible"
            )));
        }
        let records = bytes / stride;
        let lanes = lanes.min(records);
        if state_bytes(predictor, lanes) > MAX_STATE_BYTES {
            return Err(Error::limit_exceeded(format!(
                "{lanes} lanes of {} bytes in the model; {MAX_STATE_BYTES} bytes in all are \
                 possible: use fewer lanes",
                predictor.lane_bytes()
            )));
        }
        Ok(Self { records, lanes, coder })
    }
}

fn state_bytes(predictor: &dyn Predictor, lanes: usize) -> u64 {
    lanes as u64 * predictor.lane_bytes() as u64
}

/// How many of the first blocks advance together: at least one, which fits by itself.
fn together<C>(predictor: &dyn Predictor, blocks: &[Block<C>]) -> usize {
    let mut lanes = 0;
    let fits = |block: &&Block<C>| {
        lanes += block.lanes;
        state_bytes(predictor, lanes) <= MAX_STATE_BYTES
    };
    blocks.iter().take(predictor.max_group()).take_while(fits).count().max(1)
}

/// A run of whole records of one block.
struct Lane {
    block: usize,
    first_record: usize,
    records: usize,
}

/// The lanes of all blocks, the longest ones first, those of a block in their order. Lane `i` of a block
/// of `n` records in `lanes` takes `n / lanes + (i < n % lanes)` consecutive records.
fn lanes_of<C>(blocks: &[Block<C>]) -> Vec<Lane> {
    let mut all = Vec::new();
    for (block, &Block { records: n, lanes, .. }) in blocks.iter().enumerate() {
        // A block without records has no lanes.
        let (each, longer) = (n / lanes.max(1), n % lanes.max(1));
        all.extend((0..lanes).map(|i| Lane {
            block,
            first_record: i * each + i.min(longer),
            records: each + usize::from(i < longer),
        }));
    }
    // Stable: within a block the longer lanes come first already.
    all.sort_by_key(|lane| Reverse(lane.records));
    all
}

/// Runs of lanes that belong to one block.
fn spans_of(lanes: &[Lane]) -> Vec<(usize, Range<usize>)> {
    let mut spans: Vec<(usize, Range<usize>)> = Vec::new();
    for (i, lane) in lanes.iter().enumerate() {
        match spans.last_mut() {
            Some((block, span)) if *block == lane.block => span.end = i + 1,
            _ => spans.push((lane.block, i..i + 1)),
        }
    }
    spans
}

/// All lanes advance together, role by role; as the shorter ones end, the others go on. Each block
/// sees its lanes in their order, as if it were alone.
fn run<C: SymbolCoder>(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    blocks: &mut [Block<C>],
) -> Result<()> {
    let lanes = lanes_of(blocks);
    let Some(longest) = lanes.first() else { return Ok(()) };
    let spans = spans_of(&lanes);
    let n_roles = layout.roles().len();
    let mut symbols = vec![0u8; lanes.len() * n_roles];
    let mut step_symbols = vec![0u8; lanes.len()];
    let mut cdfs = vec![Cdf::default(); lanes.len()];
    let mut active = lanes.len();

    predictor.begin(active);
    for step in 0..longest.records {
        while lanes[active - 1].records <= step {
            active -= 1;
        }
        let of_lane = symbols.chunks_exact_mut(n_roles);
        for (lane, symbols) in lanes[..active].iter().zip(of_lane) {
            let coder = &mut blocks[lane.block].coder;
            coder.load(layout, lane.first_record + step, step == 0, symbols);
        }
        for (role, &Role { alphabet, .. }) in layout.roles().iter().enumerate() {
            let coding = predictor.predict(active, &mut cdfs[..active]);
            for (block, span) in &spans {
                let coder = &mut blocks[*block].coder;
                let span = span.start.min(active)..span.end.min(active);
                let at = span.start;
                let step_symbols = &mut step_symbols[span.clone()];
                for (i, (cdf, step_symbol)) in cdfs[span].iter().zip(step_symbols).enumerate() {
                    let symbol = &mut symbols[(at + i) * n_roles + role];
                    let coded = match coding {
                        Coding::Modelled => coder.code(cdf, role, *symbol),
                        Coding::Flat => coder.code_flat(alphabet, role, *symbol),
                    };
                    let Some(coded) = coded else {
                        return Err(outside(*symbol, role, alphabet));
                    };
                    *symbol = coded;
                    *step_symbol = coded;
                }
            }
            predictor.update(&step_symbols[..active]);
        }
        for (lane, symbols) in lanes[..active].iter().zip(symbols.chunks_exact(n_roles)) {
            let coder = &mut blocks[lane.block].coder;
            coder.store(layout, lane.first_record + step, step == 0, symbols);
        }
        if blocks.iter().all(|block| block.coder.is_over()) {
            break;
        }
    }
    Ok(())
}

/// [`run`] for symbols that are known: the predictor scores up to `most` records of each lane at once.
fn run_scored<S: Sink>(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    blocks: &mut [Block<Encode<'_, S>>],
    most: usize,
) -> Result<()> {
    let lanes = lanes_of(blocks);
    let Some(longest) = lanes.first() else { return Ok(()) };
    let spans = spans_of(&lanes);
    let (n_roles, longest) = (layout.roles().len(), longest.records);
    let (mut symbols, mut scores) = (Vec::new(), Vec::new());
    let mut active = lanes.len();

    predictor.begin(active);
    let mut step = 0;
    while step < longest {
        while lanes[active - 1].records <= step {
            active -= 1;
        }
        // Until the next lane ends.
        let records = most.min(lanes[active - 1].records - step);
        symbols.resize(records * active * n_roles, 0);
        let mut of_lane = symbols.chunks_exact_mut(n_roles);
        for step in step..step + records {
            for (lane, symbols) in lanes[..active].iter().zip(&mut of_lane) {
                let coder = &mut blocks[lane.block].coder;
                coder.load(layout, lane.first_record + step, step == 0, symbols);
            }
        }
        let known = Known::new(&symbols, active, n_roles);
        scores.clear();
        predictor.score(known, &mut scores);
        assert_eq!(scores.len(), symbols.len(), "a score for each symbol");
        for (at, scores) in scores.chunks_exact(active).enumerate() {
            let (record, role) = (at / n_roles, at % n_roles);
            let alphabet = layout.roles()[role].alphabet;
            for (block, span) in &spans {
                let sink = &mut blocks[*block].coder.sink;
                for lane in span.start.min(active)..span.end.min(active) {
                    let symbol = known.record(record, lane)[role];
                    match scores[lane] {
                        Score::Modelled(interval) => sink.take(interval, role),
                        Score::Flat if u16::from(symbol) < alphabet => {
                            sink.take_flat(alphabet, role, symbol);
                        }
                        _ => return Err(outside(symbol, role, alphabet)),
                    }
                }
            }
        }
        step += records;
    }
    Ok(())
}

fn outside(symbol: u8, role: usize, alphabet: u16) -> Error {
    Error::invalid_argument(format!(
        "symbol {symbol} of role {role} is outside the alphabet of the predictor's distribution, or \
         of the role, which has {alphabet} symbols"
    ))
}

/// The last of some records, but nothing before the `first` one of a lane.
fn last_of<'a>(layout: &RecordLayout, records: &'a [u8], first: bool) -> Option<&'a [u8]> {
    if first { None } else { records.rchunks_exact(layout.stride()).next() }
}

/// What becomes of the known symbols of a block: written or weighed.
trait Sink {
    /// Takes a symbol by its interval.
    fn take(&mut self, interval: Interval, role: usize);
    /// Takes one of `alphabet` equally likely symbols.
    fn take_flat(&mut self, alphabet: u16, role: usize, symbol: u8);
}

/// The records of a block on their way into a [`Sink`].
struct Encode<'a, S> {
    bytes: &'a [u8],
    sink: S,
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
struct Costs(Vec<u64>);

impl Sink for Costs {
    fn take(&mut self, interval: Interval, role: usize) {
        self.0[role] += u64::from(cost(interval.freq(), interval.total()));
    }
    fn take_flat(&mut self, alphabet: u16, role: usize, _symbol: u8) {
        let bits = if alphabet == 256 { 8 * COST_ONE_BIT } else { cost(1, alphabet.into()) };
        self.0[role] += u64::from(bits);
    }
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
    fn is_over(&self) -> bool {
        // A stream that was cut would go on as zeros; no need to decode them all.
        self.input.is_truncated()
    }
}
