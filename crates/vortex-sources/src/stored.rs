//! What a format needs of a dataset to write it again.

use std::fs::File;
use std::io::{self, BufWriter};

use crate::source::Origin;

/// Called with the bytes written since the last call.
pub type OnBytes<'a> = dyn FnMut(u64) + 'a;

/// A dataset of a prepared folder.
pub trait Stored {
    /// As its source named it.
    fn name(&self) -> &str;

    /// Lengths of its dimensions.
    fn shape(&self) -> &[u64];

    /// How its source described it.
    fn origin(&self) -> &Origin;

    /// Bytes of all its values.
    fn n_bytes(&self) -> u64;

    /// Writes all values in the order of the source.
    ///
    /// # Errors
    /// Of reading and writing, and where the values are not those that were prepared.
    fn write(&mut self, out: &mut dyn io::Write, on_bytes: &mut OnBytes<'_>) -> io::Result<()>;
}

/// Writes one file of all the datasets.
pub(crate) type Writer =
    fn(BufWriter<&File>, &mut [&mut dyn Stored], &mut OnBytes<'_>) -> io::Result<()>;

/// Says what is wrong with a dataset.
pub(crate) fn refuse(name: &str, what: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("dataset {name:?}: {what}"))
}
