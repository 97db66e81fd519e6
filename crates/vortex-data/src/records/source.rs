//! One file of records.

use std::fs::File;
use std::path::Path;

use vortex_base::position::read_exact_at;
use vortex_coder::schema::Schema;

use crate::error::{Error, Result};

/// A file (or memory) as whole records and a tail, read by position. Nothing is mapped or kept in
/// memory, and reading needs only `&self`, so that threads can share it.
///
/// The length is read when the file is opened; if the file shrinks later, reading gives an error.
#[derive(Debug)]
pub struct RecordFile {
    name: String,
    source: Source,
    len: u64,
    schema: Schema,
}

#[derive(Debug)]
enum Source {
    File(File),
    Memory(Vec<u8>),
}

impl RecordFile {
    /// Opens a file.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be opened or is not a regular file (a pipe has no positions).
    pub fn open(path: &Path, schema: Schema) -> Result<Self> {
        let file = File::open(path).map_err(|e| Error::io(path, e))?;
        let metadata = file.metadata().map_err(|e| Error::io(path, e))?;
        if !metadata.is_file() {
            let what = if metadata.is_dir() { "a directory" } else { "not a regular file" };
            let e = std::io::Error::other(format!("{what}; records are read by position"));
            return Err(Error::io(path, e));
        }
        let name = path.display().to_string();
        Ok(Self { name, source: Source::File(file), len: metadata.len(), schema })
    }

    /// Records in memory; errors use `name`.
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>, schema: Schema) -> Self {
        let len = bytes.len() as u64;
        Self { name: name.into(), source: Source::Memory(bytes), len, schema }
    }

    /// The path, or the name of the data in memory.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Schema of the records.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Whole records.
    pub fn n_records(&self) -> u64 {
        self.len / self.schema.stride() as u64
    }

    /// Total number of bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True if there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes after the last whole record: fewer than the stride.
    pub fn tail_len(&self) -> usize {
        // Below the stride, which is a usize.
        (self.len % self.schema.stride() as u64) as usize
    }

    /// Reads records `start .. start + n` and replaces the contents of `out` with `n * stride`
    /// bytes.
    ///
    /// # Errors
    /// [`Error::RecordRange`] beyond the last whole record, [`Error::Io`].
    pub fn read_records(&self, start: u64, n: usize, out: &mut Vec<u8>) -> Result<()> {
        let n_records = self.n_records();
        let end = start.checked_add(n as u64).filter(|end| *end <= n_records);
        if end.is_none() {
            let end = start.saturating_add(n as u64);
            return Err(Error::RecordRange { what: self.name.clone(), start, end, n_records });
        }
        let stride = self.schema.stride();
        self.read_at(start * stride as u64, n * stride, out)
    }

    /// Reads the bytes after the last whole record and replaces the contents of `out`.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn read_tail(&self, out: &mut Vec<u8>) -> Result<()> {
        self.read_at(self.len - self.tail_len() as u64, self.tail_len(), out)
    }

    /// Reads `len` bytes at `offset`; they must be inside the file.
    fn read_at(&self, offset: u64, len: usize, out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        match &self.source {
            Source::File(file) => {
                out.resize(len, 0);
                read_exact_at(file, out, offset).map_err(|e| {
                    out.clear();
                    Error::io(Path::new(&self.name), e)
                })
            }
            Source::Memory(bytes) => {
                let start = usize::try_from(offset).expect("callers stay inside the vector");
                out.extend_from_slice(&bytes[start..start + len]);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_coder::schema::{DType, Field};

    fn schema() -> Schema {
        Schema::new(7, vec![Field::new("x", DType::F32, 1)]).unwrap()
    }

    #[test]
    fn file_and_memory_read_the_same() {
        let bytes: Vec<u8> = (0..100).collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        let sources = [
            RecordFile::open(file.path(), schema()).unwrap(),
            RecordFile::from_bytes("memory", bytes.clone(), schema()),
        ];
        let mut out = vec![99; 3];
        for source in &sources {
            assert_eq!((source.n_records(), source.tail_len(), source.len()), (14, 2, 100));
            source.read_records(3, 2, &mut out).unwrap();
            assert_eq!(out, bytes[21..35]);
            source.read_records(14, 0, &mut out).unwrap();
            assert!(out.is_empty());
            source.read_tail(&mut out).unwrap();
            assert_eq!(out, [98, 99]);
            for (start, n) in [(14, 1), (0, 15), (u64::MAX, 1), (15, 0)] {
                let error = source.read_records(start, n, &mut out).unwrap_err();
                assert!(matches!(error, Error::RecordRange { n_records: 14, .. }), "{error}");
            }
        }
    }

    #[test]
    fn files_too_short_or_not_files() {
        let empty = RecordFile::from_bytes("empty", vec![], schema());
        assert!(empty.is_empty());
        assert_eq!((empty.n_records(), empty.tail_len()), (0, 0));
        let short = RecordFile::from_bytes("short", vec![1; 6], schema());
        assert_eq!((short.n_records(), short.tail_len()), (0, 6));

        let dir = tempfile::tempdir().unwrap();
        let error = RecordFile::open(dir.path(), schema()).unwrap_err().to_string();
        assert!(error.contains("a directory"), "{error}");
        let missing = dir.path().join("missing.bin");
        let error = RecordFile::open(&missing, schema()).unwrap_err().to_string();
        assert!(error.contains("missing.bin"), "{error}");
    }

    #[test]
    fn a_file_that_shrank_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [5; 70]).unwrap();
        let records = RecordFile::open(file.path(), schema()).unwrap();
        std::fs::write(file.path(), [5; 30]).unwrap();
        let mut out = Vec::new();
        assert!(records.read_records(2, 1, &mut out).is_ok());
        assert!(matches!(records.read_records(9, 1, &mut out), Err(Error::Io { .. })));
    }
}
