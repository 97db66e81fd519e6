//! A zip archive of arrays.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::header::{Header, of_stored};
use crate::error::{Error, Result};
use crate::pieces::{open_file, stream_exact};
use crate::source::{DatasetInfo, Sink, Source, Unread};
use crate::stored::{OnBytes, Stored};

/// Most members of a `.npz` file.
const MAX_MEMBERS: usize = 1 << 20;

/// A zip archive of arrays.
#[derive(Debug)]
pub struct NpzSource {
    path: PathBuf,
    datasets: Vec<DatasetInfo>,
    /// For each dataset, its index in the archive.
    entries: Vec<usize>,
    unread: Vec<Unread>,
}

impl NpzSource {
    /// Reads the directory and all headers.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Source`] for a damaged archive. Members that are not arrays are
    /// listed as unread.
    pub fn open(path: &Path) -> Result<Self> {
        let mut source = Self {
            path: path.to_owned(),
            datasets: Vec::new(),
            entries: Vec::new(),
            unread: Vec::new(),
        };
        let mut archive = source.archive()?;
        if archive.len() > MAX_MEMBERS {
            let what = format!("{} members; at most {MAX_MEMBERS} are read", archive.len());
            return Err(Error::source(path, "archive", what));
        }
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).map_err(|e| source.damaged(&e))?;
            let name = entry.name().map_err(|e| source.damaged(&e))?.into_owned();
            let size = entry.size();
            let header = match name.strip_suffix(".npy") {
                Some(name) => Header::read(name, &mut entry),
                None => Err("not an array (its name does not end in .npy)".into()),
            };
            let header = header.and_then(|header| {
                let expected = header.total_bytes();
                if expected == size {
                    Ok(header)
                } else {
                    Err(format!("{size} bytes; {expected} were expected"))
                }
            });
            match header {
                Ok(header) => {
                    source.datasets.push(header.info);
                    source.entries.push(index);
                }
                Err(reason) => source.unread.push(Unread { name, reason }),
            }
        }
        Ok(source)
    }

    fn archive(&self) -> Result<ZipArchive<BufReader<File>>> {
        let file = open_file(&self.path)?;
        ZipArchive::new(BufReader::new(file)).map_err(|e| self.damaged(&e))
    }

    fn damaged(&self, error: &dyn std::error::Error) -> Error {
        Error::source(&self.path, "archive", error.to_string())
    }
}

impl Source for NpzSource {
    fn datasets(&self) -> &[DatasetInfo] {
        &self.datasets
    }

    fn unread(&self) -> &[Unread] {
        &self.unread
    }

    fn stream(&self, dataset: usize, sink: &mut Sink<'_>) -> Result<()> {
        let Some(info) = self.datasets.get(dataset) else { return Ok(()) };
        let mut archive = self.archive()?;
        let mut entry = archive.by_index(self.entries[dataset]).map_err(|e| self.damaged(&e))?;
        Header::read(&info.name, &mut entry)
            .map_err(|what| Error::source(&self.path, &info.name, what))?;
        stream_exact(&self.path, &info.name, &mut entry, info.n_bytes(), sink)?;
        // The checksum is compared at the end.
        let mut rest = [0; 1];
        entry.read(&mut rest).map_err(|e| self.damaged(&e))?;
        Ok(())
    }
}

/// Writes an archive of uncompressed arrays, because a codec will compress their bytes later.
pub(in crate::formats) fn write(
    out: BufWriter<&File>,
    datasets: &mut [&mut dyn Stored],
    on_bytes: &mut OnBytes<'_>,
) -> io::Result<()> {
    let mut archive = ZipWriter::new(out);
    for dataset in datasets {
        let header = of_stored(*dataset)?;
        let large = dataset.n_bytes() >= u64::from(u32::MAX) - (1 << 20);
        let options = SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored)
            .large_file(large);
        archive.start_file(format!("{}.npy", dataset.name()), options)?;
        archive.write_all(&header)?;
        dataset.write(&mut archive, on_bytes)?;
    }
    archive.finish()?.flush()
}
