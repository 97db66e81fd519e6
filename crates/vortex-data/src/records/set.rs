//! Several files with the same records, one after the other.

use std::path::Path;

use vortex_coder::schema::Schema;

use super::RecordFile;
use crate::error::{Error, Result};

/// Records of several files with continuous numbers. The tails of the files are left out.
#[derive(Debug)]
pub struct RecordSet {
    files: Vec<RecordFile>,
    schema: Schema,
    /// `first[i]` is the number of the first record of file `i`; one more entry for the end.
    first: Vec<u64>,
}

impl RecordSet {
    /// Makes a set of files.
    ///
    /// # Errors
    /// [`Error::MixedSchemas`] if the schema of a file is not `schema`.
    pub fn new(schema: Schema, files: Vec<RecordFile>) -> Result<Self> {
        if let Some(other) = files.iter().find(|f| f.schema() != &schema) {
            let first = files.first().map_or_else(|| "the set".to_owned(), |f| f.name().to_owned());
            return Err(Error::MixedSchemas { path: other.name().to_owned(), first });
        }
        let mut first = vec![0];
        let mut end = 0u64;
        for file in &files {
            end = end.saturating_add(file.n_records());
            first.push(end);
        }
        Ok(Self { files, schema, first })
    }

    /// Opens files that share one schema.
    ///
    /// # Errors
    /// As [`RecordFile::open`].
    pub fn open<P: AsRef<Path>>(schema: Schema, paths: &[P]) -> Result<Self> {
        let files = paths
            .iter()
            .map(|path| RecordFile::open(path.as_ref(), schema.clone()))
            .collect::<Result<Vec<_>>>()?;
        Self::new(schema, files)
    }

    /// Schema of the records.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The files, in order.
    pub fn files(&self) -> &[RecordFile] {
        &self.files
    }

    /// Whole records of all files together.
    pub fn n_records(&self) -> u64 {
        self.first.last().copied().unwrap_or(0)
    }

    /// Reads records `start .. start + n`, which may be in several files, and replaces the contents
    /// of `out` with `n * stride` bytes.
    ///
    /// # Errors
    /// [`Error::RecordRange`] beyond the last record, [`Error::Io`].
    pub fn read_records(&self, start: u64, n: usize, out: &mut Vec<u8>) -> Result<()> {
        let n_records = self.n_records();
        let end = start.saturating_add(n as u64);
        if end > n_records {
            let what = format!("{} files of records", self.files.len());
            return Err(Error::RecordRange { what, start, end, n_records });
        }
        out.clear();
        let mut part = Vec::new();
        let mut at = start;
        // The first file whose end is after `at`.
        let mut index = self.first.partition_point(|first| *first <= at).saturating_sub(1);
        while at < end {
            let (Some(file), Some(&file_end)) = (self.files.get(index), self.first.get(index + 1))
            else {
                break;
            };
            let take = file_end.min(end) - at;
            // At most n, so it fits.
            file.read_records(at - self.first[index], take as usize, &mut part)?;
            if out.is_empty() && at + take == end {
                std::mem::swap(out, &mut part);
            } else {
                out.extend_from_slice(&part);
            }
            at += take;
            index += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_coder::schema::{DType, Field};

    fn schema() -> Schema {
        Schema::new(3, vec![Field::new("x", DType::U8, 0)]).unwrap()
    }

    #[test]
    fn reads_across_files_and_leaves_tails_out() {
        let parts: [&[u8]; 4] = [b"aaabbbc", b"", b"dddeee", b"fffgg"];
        let files =
            parts.iter().map(|p| RecordFile::from_bytes("part", p.to_vec(), schema())).collect();
        let set = RecordSet::new(schema(), files).unwrap();
        let all = b"aaabbbdddeeefff";
        assert_eq!(set.n_records(), 5);
        let mut out = Vec::new();
        for start in 0..=5u64 {
            for end in start..=5 {
                set.read_records(start, (end - start) as usize, &mut out).unwrap();
                assert_eq!(out, all[3 * start as usize..3 * end as usize]);
            }
        }
        assert!(matches!(set.read_records(4, 2, &mut out), Err(Error::RecordRange { .. })));
        assert!(matches!(set.read_records(u64::MAX, 1, &mut out), Err(Error::RecordRange { .. })));
    }

    #[test]
    fn one_schema_only() {
        let files = vec![
            RecordFile::from_bytes("one", vec![1; 6], schema()),
            RecordFile::from_bytes("two", vec![1; 6], Schema::bytes()),
        ];
        let error = RecordSet::new(schema(), files).unwrap_err().to_string();
        assert!(error.contains("two") && error.contains("one"), "{error}");
        assert_eq!(RecordSet::new(schema(), vec![]).unwrap().n_records(), 0);
    }

    #[test]
    fn opens_paths() {
        let dir = tempfile::tempdir().unwrap();
        let paths = [dir.path().join("a.bin"), dir.path().join("b.bin")];
        for path in &paths {
            std::fs::write(path, b"xyzxyz").unwrap();
        }
        assert_eq!(RecordSet::open(schema(), &paths).unwrap().n_records(), 4);
        assert!(RecordSet::open(schema(), &[dir.path().join("c.bin")]).is_err());
    }
}
