//! A file of datasets: its datasets, and their bytes as streams.

use std::ops::ControlFlow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use vortex_coder::schema::Schema;

use crate::error::Result;

/// Approximate number of bytes that are passed on at a time.
pub const PIECE_BYTES: usize = 4 << 20;

/// The description of a dataset by its original program, for writing it again. Each format has its
/// own form with a name; plain bytes need no description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Origin(serde_json::Value);

impl Origin {
    /// The origin of plain bytes.
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
    /// Its name in the source, which is unique there.
    pub name: String,
    /// Schema of a record.
    pub schema: Schema,
    /// Number of records.
    pub n_records: u64,
    /// Number of records that a split never separates: those of one index of the first dimension.
    pub records_per_event: u64,
    /// Lengths of the dimensions.
    pub shape: Vec<u64>,
    /// Information for writing it again.
    pub origin: Origin,
}

impl DatasetInfo {
    /// A dataset of `len` plain bytes.
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
    /// Its name in the source.
    pub name: String,
    /// The reason.
    pub reason: String,
}

/// A function that gets the bytes of a dataset in order; [`ControlFlow::Break`] ends the stream
/// early.
pub type Sink<'a> = dyn FnMut(&[u8]) -> Result<ControlFlow<()>> + 'a;

/// A file of datasets.
pub trait Source {
    /// The datasets, in the order of the file.
    fn datasets(&self) -> &[DatasetInfo];

    /// The parts of the file whose kind is not read, and those that hold no values.
    fn unread(&self) -> &[Unread] {
        &[]
    }

    /// The parts that should be among the datasets, but whose values cannot be read: they are
    /// damaged, beyond a limit, or compressed in a way that is not known.
    fn left_out(&self) -> &[Unread] {
        &[]
    }

    /// Properties of what is read that a restored file does not have, with the names of their
    /// owners.
    fn lost(&self) -> &[Unread] {
        &[]
    }

    /// Everything beside the datasets that a restored file has, in files that have it.
    fn structure(&self) -> Option<&Origin> {
        None
    }

    /// Bytes of the file between the dataset before and this one, in files that consist of headers
    /// and datasets.
    fn header_bytes(&self, _dataset: usize) -> u64 {
        0
    }

    /// Passes the bytes of a dataset to the sink, in pieces of any length: `n_bytes` in total,
    /// unless the sink stops.
    ///
    /// # Errors
    /// [`Error::Source`](crate::Error::Source) for data that the file does not hold,
    /// [`Error::Io`](crate::Error::Io), and errors of the sink.
    fn stream(&self, dataset: usize, sink: &mut Sink<'_>) -> Result<()>;
}
