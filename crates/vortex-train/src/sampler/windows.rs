//! Windows of whole records, as symbols.

use std::ops::Range;

use vortex_coder::layout::RecordLayout;
use vortex_data::RecordSet;

use crate::error::{Result, TrainError};
use crate::rng::Rng;

/// Symbols of some windows: `[windows][1 + records][roles]`, the first record of each is the record
/// before the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowBatch {
    /// The symbols.
    pub symbols: Vec<u8>,
    /// Windows.
    pub windows: usize,
    /// Records of a window that are predicted.
    pub records: usize,
    /// Symbols per record.
    pub roles: usize,
}

impl WindowBatch {
    /// Bytes that are predicted.
    pub fn predicted(&self) -> usize {
        self.windows * self.records * self.roles
    }

    /// The windows in `range`.
    pub fn slice(&self, range: Range<usize>) -> Self {
        let window = (1 + self.records) * self.roles;
        Self {
            symbols: self.symbols[range.start * window..range.end * window].to_vec(),
            windows: range.len(),
            ..*self
        }
    }
}

/// Records that are read before a window: one that the network sees, and one for the distances of
/// that record.
const BEFORE: u64 = 2;

/// Consecutive records in memory.
#[derive(Debug)]
pub(super) struct Chunk {
    bytes: Vec<u8>,
    /// Records before the first one: [`BEFORE`], or fewer at the start of a part.
    before: usize,
}

/// Reads windows from a part.
#[derive(Debug)]
pub struct Windows<'a> {
    source: &'a RecordSet,
    layout: &'a RecordLayout,
    part: Range<u64>,
    records: usize,
}

impl<'a> Windows<'a> {
    /// Windows of `records` records in `part`; shorter if the part is shorter.
    pub fn new(
        source: &'a RecordSet,
        layout: &'a RecordLayout,
        part: Range<u64>,
        records: usize,
    ) -> Self {
        let available = part.end - part.start;
        let records = records.clamp(1, usize::try_from(available).unwrap_or(usize::MAX).max(1));
        Self { source, layout, part, records }
    }

    /// Records of a window that are predicted.
    pub fn records(&self) -> usize {
        self.records
    }

    /// Records of the part.
    pub fn len(&self) -> u64 {
        self.part.end - self.part.start
    }

    /// A record at which a window can begin.
    pub fn random(&self, rng: &mut Rng) -> u64 {
        self.part.start + rng.below(self.len() - self.records as u64 + 1)
    }

    /// At most `limit` windows, all cold, evenly spread over the part without overlap.
    pub fn spread(&self, limit: usize) -> Vec<u64> {
        let fit = (self.part.end - self.part.start) / self.records as u64;
        let n = fit.min(limit.max(1) as u64);
        (0..n).map(|i| self.part.start + (fit * i / n) * self.records as u64).collect()
    }

    /// The bytes of the windows at these records.
    pub fn bytes(&self, starts: &[u64]) -> Result<Vec<u8>> {
        let size = self.records * self.layout.stride();
        let mut bytes = vec![0; starts.len() * size];
        let mut window = Vec::new();
        for (&start, out) in starts.iter().zip(bytes.chunks_exact_mut(size)) {
            self.source.read_records(start, self.records, &mut window).map_err(read_error)?;
            out.copy_from_slice(&window);
        }
        Ok(bytes)
    }

    /// Appends the symbols of the window at record `start`, `[1 + records][roles]`, to `out`; with
    /// `cold`, and at the start of the part, all symbols before it are 0.
    pub fn append(&self, start: u64, cold: bool, out: &mut Vec<u8>) -> Result<()> {
        let before = if cold { 0 } else { (start - self.part.start).min(BEFORE) };
        let mut bytes = Vec::new();
        self.source
            .read_records(start - before, self.records + before as usize, &mut bytes)
            .map_err(read_error)?;
        self.symbols(&bytes, out);
        Ok(())
    }

    /// `n` records from the `first` of the part on.
    pub(super) fn chunk(&self, first: u64, n: u64) -> Result<Chunk> {
        let start = self.part.start + first;
        let before = first.min(BEFORE);
        let mut bytes = Vec::new();
        self.source
            .read_records(start - before, (n + before) as usize, &mut bytes)
            .map_err(read_error)?;
        Ok(Chunk { bytes, before: before as usize })
    }

    /// As [`Windows::append`], for the window at record `first` of a chunk.
    pub(super) fn append_from(&self, chunk: &Chunk, first: u64, cold: bool, out: &mut Vec<u8>) {
        let first = first as usize + chunk.before;
        let before = if cold { 0 } else { first.min(BEFORE as usize) };
        let stride = self.layout.stride();
        self.symbols(&chunk.bytes[(first - before) * stride..(first + self.records) * stride], out);
    }

    /// The symbols of a window's records, and of up to [`BEFORE`] earlier records.
    fn symbols(&self, bytes: &[u8], out: &mut Vec<u8>) {
        let (stride, roles) = (self.layout.stride(), self.layout.roles().len());
        let n = bytes.len() / stride;
        let first = n.saturating_sub(1 + self.records);
        let missing = 1 + self.records - (n - first);
        let start = out.len();
        out.resize(start + (1 + self.records) * roles, 0);
        let out = out[start..].chunks_exact_mut(roles).skip(missing);
        let record = |i: usize| &bytes[i * stride..][..stride];
        for (i, symbols) in (first..n).zip(out) {
            let before = i.checked_sub(1).map(record);
            self.layout.to_symbols(before, record(i), symbols);
        }
    }

    /// The windows at these records, without earlier records.
    pub fn cold(&self, starts: &[u64]) -> Result<WindowBatch> {
        let mut symbols = Vec::new();
        for &start in starts {
            self.append(start, true, &mut symbols)?;
        }
        let roles = self.layout.roles().len();
        Ok(WindowBatch { symbols, windows: starts.len(), records: self.records, roles })
    }
}

/// At most `limit` windows of `records` records, evenly spread over some parts, without overlap. Parts shorter than a
/// window have none, but windows are never longer than the longest part.
pub fn spread<'a>(
    source: &'a RecordSet,
    layout: &'a RecordLayout,
    parts: &[Range<u64>],
    records: usize,
    limit: usize,
) -> Vec<(Windows<'a>, Vec<u64>)> {
    let longest = parts.iter().map(|part| part.end - part.start).max().unwrap_or(0);
    let records = records.min(usize::try_from(longest).unwrap_or(usize::MAX)).max(1);
    let all = parts.iter().filter(|part| part.end - part.start >= records as u64);
    let all: Vec<Windows<'a>> =
        all.map(|part| Windows::new(source, layout, part.clone(), records)).collect();
    let fit: u64 = all.iter().map(|windows| windows.len() / records as u64).sum();
    let mut left = fit.min(limit.max(all.len()) as u64);
    let mut fit = fit;
    let take = |windows: Windows<'a>| {
        let here = windows.len() / records as u64;
        // Rounded up, so that every part has at least one.
        let n = (u128::from(left) * u128::from(here)).div_ceil(u128::from(fit)) as u64;
        (left, fit) = (left - n, fit - here);
        let starts = windows.spread(n as usize);
        (windows, starts)
    };
    all.into_iter().map(take).collect()
}

fn read_error(error: vortex_data::Error) -> TrainError {
    TrainError::Data(error.to_string())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use vortex_coder::schema::{DType, Field, Predicted, Schema};
    use vortex_data::RecordFile;

    pub fn layout() -> RecordLayout {
        RecordLayout::new(Schema::new(2, vec![Field::new("a", DType::U16, 0)]).unwrap())
    }

    pub fn source(records: u16) -> RecordSet {
        sources(&[records])
    }

    /// Files of so many records, whose values are numbered through from 1 on.
    pub fn sources(records: &[u16]) -> RecordSet {
        let schema = layout().schema().clone();
        let mut next = 1;
        let files = records.iter().enumerate().map(|(i, &n)| {
            let bytes = (next..next + n).flat_map(u16::to_le_bytes).collect();
            next += n;
            RecordFile::from_bytes(format!("file {i}"), bytes, schema.clone())
        });
        let files = files.collect();
        RecordSet::new(schema, files).unwrap()
    }

    /// Values of the records of window `w`, the one before it first.
    fn values(batch: &WindowBatch, w: usize) -> Vec<u16> {
        let one = batch.slice(w..w + 1);
        one.symbols.chunks(2).map(|s| u16::from_be_bytes([s[0], s[1]])).collect()
    }

    #[test]
    fn random_windows_are_runs_of_the_part_with_their_predecessor() {
        let (layout, source) = (layout(), source(1000));
        let windows = Windows::new(&source, &layout, 100..200, 5);
        let mut rng = Rng::new(3);
        let mut symbols = Vec::new();
        for i in 0..200 {
            let start = windows.random(&mut rng);
            windows.append(start, i % 4 == 0, &mut symbols).unwrap();
        }
        let batch = WindowBatch { symbols, windows: 200, records: 5, roles: 2 };
        assert_eq!(batch.predicted(), 200 * 5 * 2);
        for w in 0..200 {
            let v = values(&batch, w);
            assert!(v[1] >= 101 && v[5] <= 200, "{v:?}");
            assert!(v[1..].windows(2).all(|p| p[1] == p[0] + 1));
            let cold = w % 4 == 0 || v[1] == 101;
            assert_eq!(v[0], if cold { 0 } else { v[1] - 1 });
        }
    }

    #[test]
    fn distances_in_windows_are_those_of_the_whole_part() {
        let schema =
            layout().schema().clone().with_predictions([(0, Predicted::RecordBefore)]).unwrap();
        let layout = RecordLayout::new(schema.clone());
        let bytes: Vec<u8> = (0..100u16).flat_map(|i| (i * i).to_le_bytes()).collect();
        let file = RecordFile::from_bytes("squares", bytes.clone(), schema.clone());
        let source = RecordSet::new(schema, vec![file]).unwrap();
        let (part, records) = (10..60u64, 5);
        let windows = Windows::new(&source, &layout, part.clone(), records);
        let symbols_of = |records: Range<usize>| {
            let mut symbols = Vec::new();
            layout.records_to_symbols(&bytes[2 * records.start..2 * records.end], &mut symbols);
            symbols
        };
        // Before the part, and before a cold window, there is a record of zeros.
        let whole = [vec![0; 2], symbols_of(10..60)].concat();
        for start in 0..40usize {
            let cold = [vec![0; 2], symbols_of(10 + start..15 + start)].concat();
            for (is_cold, expected) in [(false, &whole[2 * start..][..12]), (true, &cold[..])] {
                let mut window = Vec::new();
                windows.append(10 + start as u64, is_cold, &mut window).unwrap();
                assert_eq!(window, expected, "{start} {is_cold}");
                for first in start.saturating_sub(3)..=start {
                    let chunk = windows.chunk(first as u64, 8).unwrap();
                    let mut window = Vec::new();
                    windows.append_from(&chunk, (start - first) as u64, is_cold, &mut window);
                    assert_eq!(window, expected, "{start} from {first} {is_cold}");
                }
            }
        }
    }

    #[test]
    fn windows_are_spread_over_all_parts() {
        let (layout, source) = (layout(), source(1000));
        let parts = [100..200, 300..304, 500..540];
        let picked = spread(&source, &layout, &parts, 10, 7);
        let counts: Vec<usize> = picked.iter().map(|(_, starts)| starts.len()).collect();
        assert_eq!(counts, [5, 2]);
        assert!(picked[1].1.iter().all(|start| (500..=530).contains(start)));
        let counts: Vec<usize> =
            spread(&source, &layout, &parts, 4, 1000).iter().map(|(_, s)| s.len()).collect();
        assert_eq!(counts, [25, 1, 10]);
        let picked = spread(&source, &layout, &parts[1..2], 10, 7);
        assert_eq!((picked[0].0.records(), &picked[0].1[..]), (4, &[300][..]));
    }

    #[test]
    fn spread_windows_do_not_overlap_and_are_cold() {
        let (layout, source) = (layout(), source(1000));
        let windows = Windows::new(&source, &layout, 800..900, 7);
        let starts = windows.spread(5);
        assert_eq!(starts.len(), 5);
        assert!(starts.windows(2).all(|p| p[1] >= p[0] + 7));
        assert!(starts[0] == 800 && starts[4] + 7 <= 900);
        assert_eq!(windows.spread(1000).len(), 14);
        let batch = windows.cold(&starts).unwrap();
        assert_eq!(values(&batch, 0), [0, 801, 802, 803, 804, 805, 806, 807]);
        assert_eq!(windows.bytes(&starts[..1]).unwrap()[..2], 801u16.to_le_bytes());
    }

    #[test]
    fn a_part_shorter_than_a_window_is_one_window() {
        let (layout, source) = (layout(), source(10));
        let windows = Windows::new(&source, &layout, 8..10, 100);
        assert_eq!(windows.records(), 2);
        assert_eq!(windows.spread(4), [8]);
        assert_eq!(values(&windows.cold(&[8]).unwrap(), 0), [0, 9, 10]);
    }
}
