//! The unchanged bytes of a file.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::pieces::{file_name, open_with_length, stream_range};
use crate::source::{DatasetInfo, Sink, Source};

/// A file as one dataset of bytes.
#[derive(Debug)]
pub(super) struct PlainSource {
    path: PathBuf,
    datasets: Vec<DatasetInfo>,
}

impl PlainSource {
    /// Opens the file and reads its length.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let (_, len) = open_with_length(path)?;
        let datasets = vec![DatasetInfo::bytes(file_name(path), len)];
        Ok(Self { path: path.to_owned(), datasets })
    }
}

impl Source for PlainSource {
    fn datasets(&self) -> &[DatasetInfo] {
        &self.datasets
    }

    fn stream(&self, dataset: usize, sink: &mut Sink<'_>) -> Result<()> {
        let Some(info) = self.datasets.get(dataset) else { return Ok(()) };
        stream_range(&self.path, &info.name, 0, info.n_records, sink)
    }
}
