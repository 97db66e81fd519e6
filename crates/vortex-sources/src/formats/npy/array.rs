//! One array in a file.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::header::{Header, of_stored};
use crate::error::{Error, Result};
use crate::pieces::{open_with_length, stream_range};
use crate::source::{DatasetInfo, Sink, Source};
use crate::stored::{OnBytes, Stored};

/// One array.
#[derive(Debug)]
pub struct NpySource {
    path: PathBuf,
    header_bytes: u64,
    datasets: Vec<DatasetInfo>,
}

impl NpySource {
    /// Reads the header.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Source`] for a damaged header, a dtype without a fixed layout
    /// (Python objects), or a file whose length differs from its header.
    pub fn open(path: &Path) -> Result<Self> {
        let (file, len) = open_with_length(path)?;
        let header = Header::read("array", &mut BufReader::new(file))
            .map_err(|what| Error::source(path, "array", what))?;
        let expected = header.header_bytes.saturating_add(header.info.n_bytes());
        if len != expected {
            let what =
                format!("{len} bytes; a header and an array of {expected} bytes were expected");
            return Err(Error::source(path, "array", what));
        }
        let datasets = vec![header.info];
        Ok(Self { path: path.to_owned(), header_bytes: header.header_bytes, datasets })
    }
}

impl Source for NpySource {
    fn datasets(&self) -> &[DatasetInfo] {
        &self.datasets
    }

    fn header_bytes(&self) -> u64 {
        self.header_bytes
    }

    fn stream(&self, dataset: usize, sink: &mut Sink<'_>) -> Result<()> {
        let Some(info) = self.datasets.get(dataset) else { return Ok(()) };
        stream_range(&self.path, &info.name, self.header_bytes, info.n_bytes(), sink)
    }
}

/// Writes the file of one array.
pub(in crate::formats) fn write(
    mut out: BufWriter<&File>,
    datasets: &mut [&mut dyn Stored],
    on_bytes: &mut OnBytes<'_>,
) -> io::Result<()> {
    let [dataset] = datasets else {
        return Err(io::Error::other("a .npy file holds one array"));
    };
    out.write_all(&of_stored(*dataset)?)?;
    dataset.write(&mut out, on_bytes)?;
    out.flush()
}
