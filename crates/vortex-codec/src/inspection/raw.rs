//! Raw data: its records, and what its first bytes say.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use vortex_coder::Schema;
use vortex_coder::mixing::{Stretch, stretches};
use vortex_data::sidecar::read_schema;

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
    pub bytes: Vec<u8>,
    /// Where the schema comes from, in words.
    pub origin: String,
    /// The records.
    pub schema: Schema,
}

impl RawData {
    /// Looks at the open file `handle` of the name `file`. Its records are in the file `given`;
    /// without it, they are looked for.
    ///
    /// # Errors
    /// Those of reading, and of a schema that is not valid.
    pub fn read(file: &Path, handle: File, given: Option<&Path>) -> Result<Self> {
        let read = |error| Error::from(error).context("cannot be read");
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

    /// Whether there is more than [`Self::bytes`].
    pub fn is_longer(&self) -> bool {
        self.total > self.bytes.len() as u64
    }

    /// Probable contents of the first bytes, if they have no records.
    pub fn stretches(&self) -> Vec<Stretch> {
        if self.schema != Schema::bytes() {
            return Vec::new();
        }
        stretches(&self.bytes[..self.bytes.len().min(LOOKED_AT)])
    }
}
