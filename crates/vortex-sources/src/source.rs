//! What a file of datasets is: its datasets, and their bytes as streams.

use std::ops::ControlFlow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use vortex_coder::schema::Schema;

use crate::error::Result;

/// Bytes handed on at a time, about.
pub const PIECE_BYTES: usize = 4 << 20;

/// How the program that a dataset comes from describes it: what is needed to write it again. Each format
/// has a form of its own, under its name; mere bytes need none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Origin(serde_json::Value);

impl Origin {
    /// Mere bytes.
    pub fn bytes() -> Self {
        Self("bytes".into())
    }

    /// A description in the form `name`.
    pub(crate) fn new(name: &str, description: &impl Serialize) -> Self {
        let description =
            serde_json::to_value(description).expect("strings and numbers have a JSON form");
        Self(serde_json::json!({ name: description }))
    }

    /// The description, if it is one in the form `name`.
    pub(crate) fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let described = self.0.as_object().filter(|forms| forms.len() == 1)?;
        T::deserialize(described.get(name)?).ok()
    }
}

/// A dataset of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetInfo {
    /// As the source names it; unique there.
    pub name: String,
    /// What a record is.
    pub schema: Schema,
    /// Records in all.
    pub n_records: u64,
    /// Records that belong together and are never parted by a split: those of one index of the
    /// first dimension.
    pub records_per_event: u64,
    /// Lengths of the dimensions.
    pub shape: Vec<u64>,
    /// How to write it again.
    pub origin: Origin,
}

impl DatasetInfo {
    /// `len` bytes that mean nothing in particular.
    pub fn bytes(name: String, len: u64) -> Self {
        Self {
            name,
            schema: Schema::bytes(),
            n_records: len,
            records_per_event: 1,
            shape: vec![len],
            origin: Origin::bytes(),
        }
    }

    /// Bytes of all records.
    pub fn n_bytes(&self) -> u64 {
        self.n_records.saturating_mul(self.schema.stride() as u64)
    }
}

/// Something in a source that is not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// As the source names it.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// What takes in the bytes of a dataset, in order; [`ControlFlow::Break`] ends the stream early.
pub type Sink<'a> = dyn FnMut(&[u8]) -> Result<ControlFlow<()>> + 'a;

/// A file of datasets.
pub trait Source {
    /// The datasets, in the order of the file.
    fn datasets(&self) -> &[DatasetInfo];

    /// What is in the file and not among the datasets.
    fn unread(&self) -> &[Unread] {
        &[]
    }

    /// Bytes before the first dataset, in files that are nothing but a header and the datasets.
    fn header_bytes(&self) -> u64 {
        0
    }

    /// Gives out the bytes of a dataset in pieces of any length: `n_bytes` in all, unless the
    /// sink breaks off.
    ///
    /// # Errors
    /// [`Error::Source`](crate::Error::Source) for what the file does not hold, [`Error::Io`](crate::Error::Io), and errors of the sink.
    fn stream(&self, dataset: usize, sink: &mut Sink<'_>) -> Result<()>;
}
