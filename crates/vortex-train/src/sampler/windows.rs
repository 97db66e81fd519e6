//! Windows of whole records, as symbols.

use std::ops::Range;

use vortex_coder::layout::RecordLayout;
use vortex_data::{RecordSet, Split};

use crate::config::SplitConfig;
use crate::error::{Result, TrainError};
use crate::rng::Rng;

/// Record ranges of the parts of a data set, in file order.
///
/// # Errors
/// [`TrainError::Data`] when there is no record to train on or none to validate on.
pub fn parts(records: u64, split: &SplitConfig) -> Result<Split> {
    let parts = split.ratios()?.split(records);
    if parts.train.is_empty() || parts.validation.is_empty() {
        return Err(TrainError::Data(format!(
            "{records} whole records split {} leave {} to train and {} to validate on, but both need \
             at least one: use a larger file or another `split`",
            split.ratios()?,
            parts.train.end,
            parts.validation.end - parts.validation.start
        )));
    }
    Ok(parts)
}

/// Symbols of some windows: `[windows][1 + records][roles]`, the first record of each being what came before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowBatch {
    /// The symbols.
    pub symbols: Vec<u8>,
    /// Windows.
    pub windows: usize,
    /// Records of a window that are predicted.
    pub records: usize,
    /// Symbols a record.
    pub roles: usize,
}

impl WindowBatch {
    /// Bytes that are predicted.
    pub fn predicted(&self) -> usize {
        self.windows * self.records * self.roles
    }

    /// Windows `range` of it.
    pub fn slice(&self, range: Range<usize>) -> Self {
        let window = (1 + self.records) * self.roles;
        Self {
            symbols: self.symbols[range.start * window..range.end * window].to_vec(),
            windows: range.len(),
            ..*self
        }
    }
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
    /// Windows of `records` records in `part`; shorter when the part is.
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

    /// Windows at random records, the same ones for the same state of `rng`.
    ///
    /// A share of `cold` of them, and those at the start of the part, have nothing before them: symbol 0 everywhere.
    pub fn random(&self, rng: &mut Rng, windows: usize, cold: f64) -> Result<WindowBatch> {
        let starts = self.part.end - self.part.start - self.records as u64 + 1;
        let places: Vec<(u64, bool)> = (0..windows)
            .map(|_| (self.part.start + rng.below(starts), rng.unit() < cold))
            .collect();
        self.batch(&places)
    }

    /// At most `limit` windows, all cold, evenly spread over the part without overlap.
    pub fn spread(&self, limit: usize) -> Vec<u64> {
        let fit = (self.part.end - self.part.start) / self.records as u64;
        let n = fit.min(limit.max(1) as u64);
        (0..n).map(|i| self.part.start + (fit * i / n) * self.records as u64).collect()
    }

    /// The windows at these records, with nothing before them.
    pub fn cold(&self, starts: &[u64]) -> Result<WindowBatch> {
        self.batch(&starts.iter().map(|&s| (s, true)).collect::<Vec<_>>())
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

    fn batch(&self, places: &[(u64, bool)]) -> Result<WindowBatch> {
        let (stride, roles) = (self.layout.stride(), self.layout.roles().len());
        let window = (1 + self.records) * roles;
        let mut symbols = vec![0u8; places.len() * window];
        let mut bytes = Vec::new();
        for (&(start, cold), out) in places.iter().zip(symbols.chunks_exact_mut(window)) {
            let before = usize::from(!cold && start > self.part.start);
            self.source
                .read_records(start - before as u64, self.records + before, &mut bytes)
                .map_err(read_error)?;
            let out = out.chunks_exact_mut(roles).skip(1 - before);
            for (record, symbols) in bytes.chunks_exact(stride).zip(out) {
                self.layout.to_symbols(record, symbols);
            }
        }
        Ok(WindowBatch { symbols, windows: places.len(), records: self.records, roles })
    }
}

fn read_error(error: vortex_data::Error) -> TrainError {
    TrainError::Data(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_coder::schema::{DType, Field, Schema};
    use vortex_data::RecordFile;

    fn layout() -> RecordLayout {
        RecordLayout::new(Schema::new(2, vec![Field::new("a", DType::U16, 0)]).unwrap())
    }

    fn source(records: u16) -> RecordSet {
        let bytes = (1..=records).flat_map(u16::to_le_bytes).collect();
        let schema = layout().schema().clone();
        RecordSet::new(schema.clone(), vec![RecordFile::from_bytes("x", bytes, schema)]).unwrap()
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
        let batch = windows.random(&mut Rng::new(3), 200, 0.25).unwrap();
        assert_eq!(batch.predicted(), 200 * 5 * 2);
        let mut cold = 0;
        for w in 0..200 {
            let v = values(&batch, w);
            assert!(v[1] >= 101 && v[5] <= 200, "{v:?}");
            assert!(v[1..].windows(2).all(|p| p[1] == p[0] + 1));
            cold += usize::from(v[0] == 0);
            assert!(v[0] == 0 || v[0] == v[1] - 1);
        }
        assert!((30..80).contains(&cold), "{cold}");
        let again = windows.random(&mut Rng::new(3), 200, 0.25).unwrap();
        assert_eq!(batch, again);
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
        assert_eq!(values(&windows.random(&mut Rng::new(1), 1, 0.0).unwrap(), 0), [0, 9, 10]);
    }

    #[test]
    fn a_part_without_records_is_refused_with_the_numbers() {
        let split = SplitConfig::default();
        assert_eq!(parts(1000, &split).unwrap().validation, 800..900);
        let error = parts(3, &split).unwrap_err().to_string();
        assert!(error.contains("3 whole records") && error.contains("80/10/10"), "{error}");
    }
}
