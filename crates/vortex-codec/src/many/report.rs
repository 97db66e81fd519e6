//! What came of each file: a JSON object, written when all files had their turn.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use vortex_base::hex;

use super::found::Digests;
use super::job::Job;
use super::shard::Shard;
use crate::error::{Error, ErrorKind, Result};
use crate::output::write_file;

/// Version of the form.
pub const REPORT_VERSION: u32 = 1;
/// An older report is at most this large; it has about 500 bytes for each file.
const MAX_REPORT_BYTES: u64 = 4 << 30;

/// What came of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The output was made.
    Done,
    /// There is no output, or another one.
    Failed,
    /// The output was there already and is whole.
    Skipped,
}

/// A file of a report. Lengths and digests of a file that failed are not known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileReport {
    /// The input, as the manifest names it.
    pub input: String,
    /// The output; if it is not an absolute path, it is relative to the folder of the manifest.
    pub output: String,
    /// What came of it.
    pub state: State,
    /// Length of the input.
    pub input_bytes: Option<u64>,
    /// Length of the output.
    pub output_bytes: Option<u64>,
    /// BLAKE3 of the input, in hexadecimal.
    pub input_blake3: Option<String>,
    /// BLAKE3 of the output, in hexadecimal.
    pub output_blake3: Option<String>,
    /// Time that it took.
    pub seconds: f64,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl FileReport {
    /// What came of a job: the result of [`Job::run`], with the message of the error.
    pub fn new(
        job: &Job,
        seconds: f64,
        result: std::result::Result<(State, Digests), String>,
    ) -> Self {
        let (state, digests, error) = match result {
            Ok((state, digests)) => (state, Some(digests), None),
            Err(message) => (State::Failed, None, Some(message)),
        };
        Self {
            input: job.named_input.clone(),
            output: job.named_output.clone(),
            state,
            input_bytes: digests.map(|d| d.input_bytes),
            output_bytes: digests.map(|d| d.output_bytes),
            input_blake3: digests.map(|d| hex::encode(&d.input)),
            output_blake3: digests.map(|d| hex::encode(&d.output)),
            seconds: (seconds * 1000.0).round() / 1000.0,
            error,
        }
    }
}

/// What came of the files of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Version of this form.
    pub version: u32,
    /// The shard, such as `3/100`.
    pub shard: Option<String>,
    /// The files, in the order of the manifest.
    pub files: Vec<FileReport>,
    /// Number of files that were made.
    pub done: u64,
    /// Number of files that failed.
    pub failed: u64,
    /// Number of files whose outputs were there already.
    pub skipped: u64,
}

impl Report {
    /// A report without files.
    pub fn new(shard: Option<Shard>) -> Self {
        let shard = shard.map(|shard| shard.to_string());
        Self { version: REPORT_VERSION, shard, files: Vec::new(), done: 0, failed: 0, skipped: 0 }
    }

    /// Adds a file.
    pub fn push(&mut self, file: FileReport) {
        *match file.state {
            State::Done => &mut self.done,
            State::Failed => &mut self.failed,
            State::Skipped => &mut self.skipped,
        } += 1;
        self.files.push(file);
    }

    /// The files that failed.
    pub fn failures(&self) -> impl Iterator<Item = &FileReport> {
        self.files.iter().filter(|file| file.state == State::Failed)
    }

    /// Removes the report of an earlier run, so that a report is only there if the run came to its
    /// end. Another file, or the report of another shard, is only removed with `replace`.
    ///
    /// # Errors
    /// [`ErrorKind::OutputExists`], and those of the system; the message begins with the path.
    pub fn clear(&self, path: &Path, replace: bool) -> Result<()> {
        self.check(path, replace).map_err(|error| error.context(path.display()))?;
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::from(error).context("cannot be removed").context(path.display()))
            }
            _ => Ok(()),
        }
    }

    /// Writes the report completely or not at all. It replaces what [`Report::clear`] may remove.
    ///
    /// # Errors
    /// As [`Report::clear`] and [`write_file`].
    pub fn write(&self, path: &Path, replace: bool) -> Result<()> {
        self.check(path, replace).map_err(|error| error.context(path.display()))?;
        let text = serde_json::to_vec_pretty(self);
        let text = text.map_err(|error| Error::new(ErrorKind::Other, error.to_string()))?;
        write_file(path, &text)
    }

    /// Whether the file at `path` may be replaced: it is a report of the same shard.
    fn check(&self, path: &Path, replace: bool) -> Result<()> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened.map_err(|error| Error::from(error).context("cannot be opened"))?,
        };
        if replace {
            return Ok(());
        }
        let exists =
            |what: &str| Error::new(ErrorKind::OutputExists, format!("exists already, {what}"));
        let file = io::BufReader::new(file.take(MAX_REPORT_BYTES));
        let old: Self = serde_json::from_reader(file)
            .map_err(|_| exists("and is not a report of many files; name another"))?;
        if old.shard == self.shard {
            return Ok(());
        }
        let name = |shard: &Option<String>| match shard {
            Some(shard) => format!("shard {shard}"),
            None => "the whole manifest".into(),
        };
        let (old, own) = (name(&old.shard), name(&self.shard));
        Err(exists(&format!("and is the report of {old}, not of {own}; name another")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_older_report_of_the_shard_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        let report = |shard: &str| Report::new(Some(shard.parse().unwrap()));
        for _ in 0..2 {
            report("1/3").write(&path, false).unwrap();
        }
        let text = std::fs::read(&path).unwrap();
        let read: Report = serde_json::from_slice(&text).unwrap();
        assert_eq!(read, report("1/3"));
        for (other, words) in
            [(report("2/3"), "shard 1/3, not of shard 2/3"), (Report::new(None), "the whole")]
        {
            for refused in [other.clear(&path, false), other.write(&path, false)] {
                let error = refused.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::OutputExists);
                assert!(error.to_string().contains(words), "{error}");
            }
        }
        std::fs::write(&path, "my notes").unwrap();
        let error = report("1/3").clear(&path, false).unwrap_err().to_string();
        assert!(error.contains("is not a report"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"my notes");
        report("1/3").clear(&path, true).unwrap();
        assert!(!path.exists());
        report("1/3").clear(&path, false).unwrap();
    }
}
