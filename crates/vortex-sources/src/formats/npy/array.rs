//! One array in a file, and what was saved behind it.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::header::{Header, of_stored};
use crate::error::{Error, Result};
use crate::pieces::{open_with_length, stream_range};
use crate::source::{DatasetInfo, Origin, Sink, Source};
use crate::stored::{OnBytes, Stored};

/// Most arrays of a file that are read as arrays; the rest is read as bytes.
const MAX_ARRAYS: usize = 4096;

/// One array. Programs that save several arrays to one open file write one behind the other; they
/// are `array`, `array_1`, ..., and bytes behind the last one are `rest`.
#[derive(Debug)]
pub struct NpySource {
    path: PathBuf,
    datasets: Vec<DatasetInfo>,
    /// For each dataset, where its values begin in the file.
    starts: Vec<u64>,
}

impl NpySource {
    /// Reads the headers.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Source`] if the first array has a damaged header, a dtype without a
    /// fixed layout (Python objects), or more bytes than the file.
    pub fn open(path: &Path) -> Result<Self> {
        let (file, len) = open_with_length(path)?;
        let mut from = BufReader::new(file);
        let mut source = Self { path: path.to_owned(), datasets: Vec::new(), starts: Vec::new() };
        let mut end = 0;
        while end < len && source.datasets.len() < MAX_ARRAYS {
            let name = match source.datasets.len() {
                0 => "array".to_owned(),
                n => format!("array_{n}"),
            };
            from.seek(SeekFrom::Start(end)).map_err(|e| Error::io(path, e))?;
            let header = Header::read(&name, &mut from).and_then(|header| {
                let expected = header.total_bytes();
                match expected <= len - end {
                    true => Ok(header),
                    false => Err(format!(
                        "{} bytes; a header and an array of {expected} bytes were expected",
                        len - end
                    )),
                }
            });
            match header {
                Ok(header) => {
                    source.starts.push(end + header.header_bytes);
                    end += header.total_bytes();
                    source.datasets.push(header.info);
                }
                Err(what) if end == 0 => return Err(Error::source(path, &name, what)),
                // Another object or no array: kept as it is.
                Err(_) => break,
            }
        }
        if source.datasets.is_empty() {
            return Err(Error::source(path, "array", "the file is empty"));
        }
        if end < len {
            source.datasets.push(DatasetInfo::bytes("rest".into(), len - end));
            source.starts.push(end);
        }
        Ok(source)
    }
}

impl Source for NpySource {
    fn datasets(&self) -> &[DatasetInfo] {
        &self.datasets
    }

    fn header_bytes(&self, dataset: usize) -> u64 {
        let end_of = |n: usize| self.starts[n] + self.datasets[n].n_bytes();
        self.starts[dataset] - dataset.checked_sub(1).map_or(0, end_of)
    }

    fn stream(&self, dataset: usize, sink: &mut Sink<'_>) -> Result<()> {
        let Some(info) = self.datasets.get(dataset) else { return Ok(()) };
        stream_range(&self.path, &info.name, self.starts[dataset], info.n_bytes(), sink)
    }
}

/// Writes the arrays of a file, and bytes that were behind them.
pub(in crate::formats) fn write(
    mut out: BufWriter<&File>,
    datasets: &mut [&mut dyn Stored],
    on_bytes: &mut OnBytes<'_>,
) -> io::Result<()> {
    for dataset in datasets {
        if *dataset.origin() != Origin::bytes() {
            out.write_all(&of_stored(*dataset)?)?;
        }
        dataset.write(&mut out, on_bytes)?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::formats::npy::to_bytes;

    fn bytes_of(source: &dyn Source, dataset: usize) -> Vec<u8> {
        let mut all = Vec::new();
        let mut sink = |piece: &[u8]| {
            all.extend_from_slice(piece);
            Ok(ControlFlow::Continue(()))
        };
        source.stream(dataset, &mut sink).unwrap();
        all
    }

    #[test]
    fn arrays_saved_one_behind_the_other_are_all_read() {
        let first = [to_bytes("'<f4'", false, &[3]).unwrap(), (0..12).collect()].concat();
        let second = [to_bytes("'float64'", false, &[2, 2]).unwrap(), (0..32).collect()].concat();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        for (rest, n) in [(&b""[..], 2), (b"no array", 3), (&first[..first.len() - 1], 3)] {
            let file = [&first[..], &second, rest].concat();
            std::fs::write(&path, &file).unwrap();
            let source = NpySource::open(&path).unwrap();
            let names: Vec<&str> = source.datasets().iter().map(|d| d.name.as_str()).collect();
            assert_eq!(names, &["array", "array_1", "rest"][..n]);
            assert_eq!(bytes_of(&source, 1), (0..32).collect::<Vec<u8>>());
            let mut parts = Vec::new();
            for number in 0..n {
                let (values, headers) = (bytes_of(&source, number), source.header_bytes(number));
                let start = parts.len() + headers as usize;
                parts.extend_from_slice(&file[parts.len()..start]);
                parts.extend(values);
            }
            assert!(parts == file);
        }
        for cut in 0..first.len() {
            std::fs::write(&path, &first[..cut]).unwrap();
            assert!(NpySource::open(&path).is_err(), "{cut}");
        }
    }
}
