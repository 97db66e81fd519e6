//! The values of a leaf column with their levels, and what they say about a part of a column.

use parquet::column::reader::{ColumnReader, get_column_reader};
use parquet::data_type::{ByteArray, FixedLenByteArray, Int96};
use std::collections::HashMap;
use std::sync::atomic::Ordering;

use super::dictionary::Dictionary;
use super::pages::{self, Held, Pages};
use super::schema::Step;
use super::{Parquet, guarded};
use crate::formats::arrow::shape::{Feed, What};
use crate::source::PIECE_BYTES;

/// Most rows that are read at a time.
const BATCH_ROWS: usize = 4096;
/// Most bytes of the texts of these rows, if texts share their beginnings.
const MAX_BATCH_BYTES: u64 = 256 << 20;
/// Most items of these rows, if all rows have equally many.
const MAX_BATCH_ITEMS: u64 = 1 << 20;

/// Some rows of a leaf.
#[derive(Debug, Default)]
struct Batch {
    levels: usize,
    def: Vec<i16>,
    rep: Vec<i16>,
    values: Values,
}

/// Values that are not null.
#[derive(Debug)]
enum Values {
    /// One after the other.
    Fixed(Vec<u8>),
    Bytes(Vec<ByteArray>),
}

impl Default for Values {
    fn default() -> Self {
        Self::Fixed(Vec::new())
    }
}

/// A part of a column, read from a leaf.
pub(super) struct Leaf<'a> {
    file: &'a Parquet,
    step: Step,
    max_def: i16,
    max_rep: i16,
    what: Vec<What>,
    group: usize,
    reader: Option<ColumnReader>,
    rows_left: usize,
    batch_rows: usize,
    batch: Batch,
    held: Held,
    /// The next value of the batch whose bytes are asked for.
    value: usize,
    /// Values are their numbers in it.
    dictionary: Option<&'a Dictionary>,
    numbers: HashMap<&'a [u8], u32>,
}

impl<'a> Leaf<'a> {
    pub(super) fn new(
        file: &'a Parquet,
        step: Step,
        what: &[What],
        dictionary: Option<&'a Dictionary>,
    ) -> Self {
        let column = file.schema().column(step.leaf);
        Self {
            file,
            step,
            max_def: column.max_def_level(),
            max_rep: column.max_rep_level(),
            what: what.to_vec(),
            group: 0,
            reader: None,
            rows_left: 0,
            batch_rows: BATCH_ROWS,
            batch: Batch::default(),
            held: Held::default(),
            value: 0,
            dictionary,
            numbers: HashMap::new(),
        }
    }

    /// The row group of the rows that were read last.
    pub(super) fn group(&self) -> usize {
        self.group
    }

    /// Calls `each` with the bytes of each value that is not null.
    pub(super) fn each_value(
        &self,
        each: &mut dyn FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<(), String> {
        match &self.batch.values {
            Values::Bytes(values) => values.iter().try_for_each(|value| each(value.data())),
            Values::Fixed(values) => {
                let width = self.file.width(self.step.leaf).max(1);
                values.chunks_exact(width).try_for_each(each)
            }
        }
    }

    /// Replaces the values by their numbers.
    fn number(&mut self) -> Result<(), String> {
        let mut numbers = Vec::new();
        self.each_value(&mut |value| {
            let number = self.numbers.get(value).ok_or("a value that is not in its dictionary")?;
            numbers.extend(number.to_le_bytes());
            Ok(())
        })?;
        self.batch.values = Values::Fixed(numbers);
        Ok(())
    }

    /// Reads the next rows; false if there are no more.
    pub(super) fn advance(&mut self) -> Result<bool, String> {
        while self.rows_left == 0 {
            let metadata = &self.file.metadata;
            if self.reader.take().is_some() {
                self.group += 1;
            }
            let Some(group) = metadata.row_groups().get(self.group) else { return Ok(false) };
            let chunk = group.column(self.step.leaf);
            let rows = u64::try_from(group.num_rows()).map_err(|e| e.to_string())?;
            let longest = pages::check(&self.file.file, chunk, rows)?;
            // A page may make many long texts of few bytes.
            let texts = MAX_BATCH_BYTES.checked_div(longest).unwrap_or(u64::MAX);
            let items = chunk.num_values().unsigned_abs() / rows.max(1);
            let fits = texts.min(MAX_BATCH_ITEMS / items.max(1));
            self.batch_rows = fits.clamp(1, BATCH_ROWS as u64) as usize;
            let rows = usize::try_from(rows).map_err(|e| e.to_string())?;
            let pages = Pages::new(&self.file.file, chunk, Held::clone(&self.held))?;
            let column = chunk.column_descr_ptr();
            self.reader = Some(get_column_reader(column, Box::new(pages)));
            self.rows_left = rows;
            if let Some(dictionary) = self.dictionary {
                self.numbers = dictionary.numbers(self.group);
            }
        }
        let Some(reader) = &mut self.reader else { return Ok(false) };
        let (rows, batch) = (self.rows_left.min(self.batch_rows), &mut self.batch);
        // What was read for the rows before is dropped now.
        batch.values = Values::default();
        self.held.store(0, Ordering::Relaxed);
        let (read, levels) = guarded(|| batch.read(reader, rows))?;
        if read == 0 {
            return Err(format!("{} rows are missing", self.rows_left));
        }
        self.rows_left = self.rows_left.saturating_sub(read);
        self.batch.levels = levels;
        if self.max_def > 0 && self.batch.def.len() != levels {
            return Err("levels are missing".into());
        }
        self.value = 0;
        if self.dictionary.is_some() {
            self.number()?;
        }
        Ok(true)
    }

    /// Appends the bytes of some texts.
    fn data(&mut self, out: &mut Vec<u8>) -> Result<bool, String> {
        loop {
            if let Values::Bytes(values) = &self.batch.values {
                while let Some(value) = values.get(self.value) {
                    self.value += 1;
                    out.extend_from_slice(value.data());
                    if out.len() >= PIECE_BYTES {
                        return Ok(true);
                    }
                }
            }
            if !out.is_empty() {
                return Ok(true);
            }
            if !self.advance()? {
                return Ok(false);
            }
        }
    }
}

impl Feed for Leaf<'_> {
    fn next(&mut self, out: &mut [Vec<u8>]) -> Result<bool, String> {
        if let ([What::Data], [out]) = (self.what.as_slice(), &mut *out) {
            return self.data(out);
        }
        if !self.advance()? {
            return Ok(false);
        }
        for (what, out) in self.what.iter().zip(out) {
            match what {
                What::Valid => self.batch.valid(&self.step, out),
                What::Counts if self.step.rep == self.max_rep => {
                    self.batch.lengths(&self.step, self.max_def, out)?;
                }
                What::Counts => self.batch.counts(&self.step, out)?,
                What::Value => {
                    let width = match self.dictionary {
                        Some(_) => 4,
                        None => self.file.width(self.step.leaf),
                    };
                    self.batch.values(&self.step, self.max_def, width, out)?;
                }
                What::Data => return Err("bytes beside other parts".into()),
            }
        }
        Ok(true)
    }
}

impl Batch {
    /// Reads rows, and returns their number and that of the levels.
    fn read(
        &mut self,
        reader: &mut ColumnReader,
        rows: usize,
    ) -> parquet::errors::Result<(usize, usize)> {
        let Self { def, rep, .. } = self;
        def.clear();
        rep.clear();
        macro_rules! fixed {
            ($reader:ident, $type:ty, $width:expr, $bytes:expr) => {{
                let mut values = Vec::<$type>::new();
                let (rows, _, levels) =
                    $reader.read_records(rows, Some(def), Some(rep), &mut values)?;
                let mut bytes = Vec::with_capacity(values.len() * $width);
                values.iter().for_each(|value| bytes.extend_from_slice(($bytes)(value).as_ref()));
                self.values = Values::Fixed(bytes);
                (rows, levels)
            }};
        }
        Ok(match reader {
            ColumnReader::BoolColumnReader(r) => fixed!(r, bool, 1, |v: &bool| [u8::from(*v)]),
            ColumnReader::Int32ColumnReader(r) => fixed!(r, i32, 4, |v: &i32| v.to_le_bytes()),
            ColumnReader::Int64ColumnReader(r) => fixed!(r, i64, 8, |v: &i64| v.to_le_bytes()),
            ColumnReader::FloatColumnReader(r) => fixed!(r, f32, 4, |v: &f32| v.to_le_bytes()),
            ColumnReader::DoubleColumnReader(r) => fixed!(r, f64, 8, |v: &f64| v.to_le_bytes()),
            ColumnReader::Int96ColumnReader(r) => fixed!(r, Int96, 12, |v: &Int96| {
                let words: Vec<u8> = v.data().iter().flat_map(|word| word.to_le_bytes()).collect();
                words
            }),
            ColumnReader::FixedLenByteArrayColumnReader(r) => {
                let mut values = Vec::<FixedLenByteArray>::new();
                let (rows, _, levels) = r.read_records(rows, Some(def), Some(rep), &mut values)?;
                let bytes: Vec<&[u8]> = values.iter().map(|value| value.data()).collect();
                self.values = Values::Fixed(bytes.concat());
                (rows, levels)
            }
            ColumnReader::ByteArrayColumnReader(r) => {
                let mut values = Vec::new();
                let (rows, _, levels) = r.read_records(rows, Some(def), Some(rep), &mut values)?;
                self.values = Values::Bytes(values);
                (rows, levels)
            }
        })
    }

    /// Definition and repetition level of each entry.
    fn entries(&self) -> impl Iterator<Item = (i16, i16)> + '_ {
        let level = |levels: &[i16], at: usize| levels.get(at).copied().unwrap_or_default();
        (0..self.levels).map(move |at| (level(&self.def, at), level(&self.rep, at)))
    }

    fn valid(&self, step: &Step, out: &mut Vec<u8>) {
        for (def, rep) in self.entries() {
            if rep <= step.rep && def >= step.item_def {
                out.push(u8::from(def != step.def));
            }
        }
    }

    fn counts(&self, step: &Step, out: &mut Vec<u8>) -> Result<(), String> {
        let mut open: Option<u32> = None;
        for (def, rep) in self.entries() {
            if rep <= step.rep {
                out.extend(open.take().into_iter().flat_map(u32::to_le_bytes));
                if def >= step.item_def {
                    open = Some(0);
                }
            }
            if let (Some(count), true) = (&mut open, rep <= step.rep + 1 && def > step.def) {
                *count = count.checked_add(1).ok_or("a list of more than 2^32 items")?;
            }
        }
        out.extend(open.take().into_iter().flat_map(u32::to_le_bytes));
        Ok(())
    }

    fn values(
        &self,
        step: &Step,
        max_def: i16,
        width: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        let Values::Fixed(bytes) = &self.values else {
            return Err("texts where there should be numbers".into());
        };
        let mut values = bytes.chunks_exact(width);
        for (def, _) in self.entries() {
            if def == max_def {
                out.extend_from_slice(values.next().ok_or("values are missing")?);
            } else if def >= step.item_def {
                out.resize(out.len() + width, 0);
            }
        }
        Ok(())
    }

    fn lengths(&self, step: &Step, max_def: i16, out: &mut Vec<u8>) -> Result<(), String> {
        let Values::Bytes(values) = &self.values else {
            return Err("numbers where there should be texts".into());
        };
        let mut values = values.iter();
        for (def, _) in self.entries() {
            if def == max_def {
                let len = values.next().ok_or("values are missing")?.len();
                let len = u32::try_from(len).map_err(|_| "a text of more than 2^32 bytes")?;
                out.extend(len.to_le_bytes());
            } else if def >= step.item_def {
                out.extend([0; 4]);
            }
        }
        Ok(())
    }
}
