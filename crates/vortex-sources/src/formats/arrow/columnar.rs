//! A file of columns as a source: Parquet and Arrow differ in how columns are read, and in nothing else.

use std::fmt;
use std::path::{Path, PathBuf};

use super::layout::Table;
use super::records;
use super::shape::Columns;
use super::structure::{FORM, Structure};
use crate::error::Result;
use crate::source::{DatasetInfo, Origin, Sink, Source, Unread};

/// The tables of a file.
pub struct Columnar<C> {
    path: PathBuf,
    file: C,
    tables: Vec<Table>,
    datasets: Vec<DatasetInfo>,
    unread: Vec<Unread>,
    left_out: Vec<Unread>,
    structure: Origin,
}

impl<C> Columnar<C> {
    pub(super) fn new(
        path: &Path,
        file: C,
        tables: Vec<Table>,
        structure: &Structure,
        unread: Vec<Unread>,
        left_out: Vec<Unread>,
    ) -> Self {
        Self {
            path: path.to_owned(),
            datasets: tables.iter().map(|table| table.info.clone()).collect(),
            tables,
            file,
            unread,
            left_out,
            structure: Origin::new(FORM, structure),
        }
    }
}

impl<C: Columns> Source for Columnar<C> {
    fn datasets(&self) -> &[DatasetInfo] {
        &self.datasets
    }

    fn unread(&self) -> &[Unread] {
        &self.unread
    }

    fn left_out(&self) -> &[Unread] {
        &self.left_out
    }

    fn structure(&self) -> Option<&Origin> {
        Some(&self.structure)
    }

    fn stream(&self, dataset: usize, sink: &mut Sink<'_>) -> Result<()> {
        match self.tables.get(dataset) {
            Some(table) => records::stream(&self.path, &self.file, table, sink),
            None => Ok(()),
        }
    }
}

impl<C> fmt::Debug for Columnar<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Columnar").field("path", &self.path).finish_non_exhaustive()
    }
}
