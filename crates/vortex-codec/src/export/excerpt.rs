//! Records of one dataset of a file, read and written piece by piece.

use std::io::{Read, Seek, Write};
use std::ops::Range;
use std::sync::Arc;

use vortex_coder::{Schema, threads};

use super::{Form, csv, npy};
use crate::archive::{Archive, MAX_PIECE_BYTES};
use crate::error::{Error, Result};

/// Records that become text at a time.
const LINES: usize = 4096;

/// An open dataset and the chosen fields.
pub struct Excerpt<R: Read + Seek> {
    archive: Archive<R>,
    fields: Vec<String>,
    /// The number of the dataset.
    dataset: usize,
    schema: Arc<Schema>,
    rows: u64,
    /// Records to read at a time, or a multiple of it.
    piece_rows: u64,
}

impl<R: Read + Seek> Excerpt<R> {
    /// Some fields, in this order, of the dataset that [`Archive::dataset`] gives for a name; all of
    /// them if `fields` is empty.
    ///
    /// # Errors
    /// As [`Archive::dataset`] and [`Archive::fields_of`].
    pub fn of(
        mut archive: Archive<R>,
        dataset: Option<&str>,
        fields: &[impl AsRef<str>],
    ) -> Result<Self> {
        let info = archive.dataset(dataset)?;
        let dataset = info.number;
        let mut schema = Arc::new(info.schema.clone());
        let fields: Vec<String> = fields.iter().map(|name| name.as_ref().to_owned()).collect();
        if !fields.is_empty() {
            let names: Vec<&str> = fields.iter().map(String::as_str).collect();
            schema = archive.fields_at(dataset, &names, 0..0)?.schema;
        }
        let info = archive.dataset_at(dataset)?;
        let (rows, piece_rows) = (info.rows, info.piece_rows(schema.stride()));
        Ok(Self { archive, fields, dataset, schema, rows, piece_rows })
    }

    /// Schema of the records in the output.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Number of records of the dataset.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes these records. Several blocks are decoded at a time, for this number of threads (0 for
    /// all cores). `on_rows` gets the number of records written since the last call.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for records that the dataset does not
    /// have or that numpy cannot describe, and nothing is written then; the errors of the blocks of
    /// these records, and those of writing.
    pub fn write(
        &mut self,
        rows: Range<u64>,
        form: Form,
        threads: usize,
        out: &mut impl Write,
        on_rows: impl Fn(u64),
    ) -> Result<()> {
        if rows.start > rows.end || rows.end > self.rows {
            let Range { start, end } = rows;
            let message = format!("records {start}..{end}; the dataset has {}", self.rows);
            return Err(Error::invalid_argument(message));
        }
        let written = |result: std::io::Result<()>| {
            result.map_err(|error| Error::from(error).context("cannot be written"))
        };
        let schema = Arc::clone(&self.schema);
        let header = match form {
            Form::Csv => csv::header(&schema),
            Form::Npy => {
                npy::header(&schema, rows.end - rows.start).map_err(Error::invalid_argument)?
            }
            Form::Raw => Vec::new(),
        };
        written(out.write_all(&header))?;
        let piece_bytes = self.piece_rows.saturating_mul(schema.stride() as u64);
        let pieces = (MAX_PIECE_BYTES / piece_bytes).clamp(1, threads::count(threads) as u64);
        let mut at = rows.start;
        while at < rows.end {
            let next = (at / self.piece_rows + pieces).saturating_mul(self.piece_rows);
            let piece = at..next.min(rows.end);
            let bytes = self.read(piece.clone())?;
            match form {
                Form::Csv => {
                    let mut lines = Vec::new();
                    for records in bytes.chunks(schema.stride() * LINES) {
                        lines.clear();
                        csv::rows(&schema, records, &mut lines)?;
                        written(out.write_all(&lines))?;
                    }
                }
                Form::Npy | Form::Raw => written(out.write_all(&bytes))?,
            }
            on_rows(piece.end - piece.start);
            at = piece.end;
        }
        written(out.flush())
    }

    fn read(&mut self, rows: Range<u64>) -> Result<Vec<u8>> {
        let names: Vec<&str> = self.fields.iter().map(String::as_str).collect();
        let read = match names.as_slice() {
            [] => self.archive.rows_at(self.dataset, rows)?,
            names => self.archive.fields_at(self.dataset, names, rows)?,
        };
        Ok(read.bytes)
    }
}
