//! Records of one dataset of a file, read and written piece by piece.

use std::fs::File;
use std::io::{BufReader, Read, Seek, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Error, Result, bail};
use clap::Args;
use vortex_codec::archive::{Archive, MAX_PIECE_BYTES};
use vortex_codec::coder::threads;
use vortex_codec::{Models, Schema, weights};

use super::{Form, csv, npy};
use crate::arguments::Common;
use crate::input::open_file;
use crate::models;

/// Records that become text at a time.
const LINES: usize = 4096;

/// Which part of a record, and of which dataset.
#[derive(Clone, Debug, Default, Args)]
pub struct Choice {
    /// Only these fields, in this order: pt,eta. `b` alone stands for b[0], b[1], ... and b.x
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Records")]
    pub fields: Vec<String>,
    /// The dataset, if the file holds several
    #[arg(long, value_name = "NAME", help_heading = "Records")]
    pub dataset: Option<String>,
}

/// An open dataset and the chosen fields.
pub struct Excerpt {
    archive: Archive<BufReader<File>>,
    fields: Vec<String>,
    /// The number of the dataset.
    dataset: usize,
    /// Schema of the records in the output.
    schema: Arc<Schema>,
    /// Records of the dataset.
    pub rows: u64,
    /// Records to read at a time, or a multiple of it.
    piece_rows: u64,
}

impl Excerpt {
    /// Opens a file; only what says where its records are is read.
    pub fn open(
        file: &Path,
        choice: &Choice,
        models: &Arc<Models>,
        common: &Common,
    ) -> Result<Self> {
        if file == Path::new("-") {
            bail!("single records cannot be read from standard input; name a file");
        }
        let mut opened = open_file(file)?;
        if !opened.metadata().context("cannot be read")?.is_file() {
            bail!("single records cannot be read from a pipe or a device; name a file");
        }
        let mut head = Vec::new();
        (&mut opened).take(weights::MAGIC.len() as u64).read_to_end(&mut head)?;
        if head == weights::MAGIC {
            bail!("holds weights of a network; use vortex decompress-weights");
        }
        opened.rewind()?;
        let decompressor = models::decompressor(models, Some(file), common);
        let mut archive = Archive::from_reader(BufReader::new(opened), &decompressor)?;
        let info = archive.dataset(choice.dataset.as_deref())?;
        let dataset = info.number;
        let mut schema = Arc::new(info.schema.clone());
        if *schema == Schema::bytes() && !common.quiet {
            eprintln!("{}: holds bytes without records; each byte counts as one", file.display());
        }
        let fields = choice.fields.clone();
        if !fields.is_empty() {
            let names: Vec<&str> = fields.iter().map(String::as_str).collect();
            schema = archive.fields_at(dataset, &names, 0..0)?.schema;
        }
        let info = archive.dataset_at(dataset)?;
        let (rows, piece_rows) = (info.rows, info.piece_rows(schema.stride()));
        Ok(Self { archive, fields, dataset, schema, rows, piece_rows })
    }

    /// Writes these records. `on_rows` gets the number of records written since the last call.
    pub fn write(
        &mut self,
        rows: Range<u64>,
        form: Form,
        common: &Common,
        out: &mut impl Write,
        on_rows: impl Fn(u64),
    ) -> Result<()> {
        let schema = Arc::clone(&self.schema);
        let header = match form {
            Form::Csv => csv::header(&schema),
            Form::Npy => npy::header(&schema, rows.end - rows.start).map_err(Error::msg)?,
            Form::Raw => Vec::new(),
        };
        out.write_all(&header).context("cannot be written")?;
        let piece_bytes = self.piece_rows.saturating_mul(schema.stride() as u64);
        let pieces =
            (MAX_PIECE_BYTES / piece_bytes).clamp(1, threads::count(common.threads()) as u64);
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
                        out.write_all(&lines).context("cannot be written")?;
                    }
                }
                Form::Npy | Form::Raw => out.write_all(&bytes).context("cannot be written")?,
            }
            on_rows(piece.end - piece.start);
            at = piece.end;
        }
        out.flush().context("cannot be written")
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
