//! The interface to a dataset that a format needs to write it again.

use std::fs::File;
use std::io::{self, BufWriter};

use crate::source::Origin;

/// Called with the bytes written since the last call.
pub type OnBytes<'a> = dyn FnMut(u64) + 'a;

/// A dataset of a prepared folder.
pub trait Stored {
    /// Its name in the source.
    fn name(&self) -> &str;

    /// Lengths of its dimensions.
    fn shape(&self) -> &[u64];

    /// The description by its source.
    fn origin(&self) -> &Origin;

    /// Bytes of all its values.
    fn n_bytes(&self) -> u64;

    /// Writes all values in the order of the source.
    ///
    /// # Errors
    /// Those of reading and writing, and for values that differ from the prepared ones.
    fn write(&mut self, out: &mut dyn io::Write, on_bytes: &mut OnBytes<'_>) -> io::Result<()>;

    /// Its records piece by piece, for formats that put the values of several datasets side by side.
    ///
    /// # Errors
    /// For a dataset that is not described as one of records.
    fn records(&self) -> io::Result<Box<dyn Records + '_>>;
}

/// The records of a dataset, in the order of the source.
pub trait Records {
    /// Reads the next `n` records and replaces the contents of `out`.
    ///
    /// # Errors
    /// Those of reading; for more records than there are.
    fn read(&mut self, n: u64, out: &mut Vec<u8>) -> io::Result<()>;

    /// Compares all values with the prepared ones.
    ///
    /// # Errors
    /// For values that differ, and for records that were not read.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// Writes one file with all datasets and, if it is known, the structure of the original.
pub(crate) type Writer = fn(
    BufWriter<&File>,
    Option<&Origin>,
    &mut [&mut dyn Stored],
    &mut OnBytes<'_>,
) -> io::Result<()>;

/// The error for a dataset.
pub(crate) fn refuse(name: &str, what: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("dataset {name:?}: {what}"))
}
