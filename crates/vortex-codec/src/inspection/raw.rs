//! Raw data: its records, and what its first bytes say.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use vortex_coder::Schema;
use vortex_coder::mixing::{Stretch, stretches};
use vortex_data::sidecar::read_schema;

use super::fields::{FieldRow, field_rows};
use super::symbols::entropies;
use crate::error::{Error, Result};
use crate::plan::{Origin, Plan, Request, Subject};

/// Number of bytes that are analysed, from the start of the file.
const SAMPLE_BYTES: u64 = 64 << 20;
/// The same limit for data without records.
const LOOKED_AT: usize = 4 << 20;

/// A file, and its first bytes.
pub struct RawData {
    /// Bytes of the file.
    pub total: u64,
    /// Its first bytes, at most 64 MiB.
    bytes: Vec<u8>,
    /// Where the schema comes from, in words.
    pub origin: String,
    /// The records.
    pub schema: Schema,
}

impl RawData {
    /// Reads the first bytes of a file. Its records are described in the file `given`; without it,
    /// they are looked for.
    ///
    /// # Errors
    /// Those of reading, and of a schema that is not valid.
    pub fn read(file: &Path, given: Option<&Path>) -> Result<Self> {
        let read = |error| Error::from(error).context("cannot be read");
        let handle =
            File::open(file).map_err(|error| Error::from(error).context("cannot be opened"))?;
        let total = handle.metadata().map_err(read)?.len();
        let mut bytes = Vec::new();
        handle.take(SAMPLE_BYTES).read_to_end(&mut bytes).map_err(read)?;
        let schema = given.map(read_schema).transpose()?;
        let request = Request { schema, one_part: true, ..Request::default() };
        let plan = Plan::of(Subject::File(file), &request)?;
        let origin = match (&plan.report.origin, given) {
            (Origin::Caller, Some(path)) => format!("from {}", path.display()),
            (origin, _) => origin.to_string(),
        };
        Ok(Self { total, bytes, origin, schema: plan.schema().clone() })
    }

    /// Bytes of a record.
    pub fn stride(&self) -> u64 {
        self.schema.stride() as u64
    }

    /// Number of bytes that are measured, from the start of the file.
    pub fn sample_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Bits of each symbol of each field without any context, over the whole records of the sample.
    pub fn entropies(&self) -> Vec<Vec<f64>> {
        entropies(&self.bytes, &self.schema)
    }

    /// What is known of each field, over the same records; this also counts values and takes longer.
    pub fn fields(&self) -> Vec<FieldRow> {
        field_rows(&self.bytes, &self.schema)
    }

    /// Bits per byte if every symbol were coded alone, in these bits.
    pub fn bits_per_byte<'a>(&self, symbols: impl IntoIterator<Item = &'a f64>) -> f64 {
        symbols.into_iter().sum::<f64>() / self.stride() as f64
    }

    /// Probable contents of the first 4 MiB, if they have no records.
    pub fn stretches(&self) -> Vec<Stretch> {
        if self.schema != Schema::bytes() {
            return Vec::new();
        }
        stretches(&self.bytes[..self.bytes.len().min(LOOKED_AT)])
    }
}
