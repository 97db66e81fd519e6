//! The list of files to compress: JSON Lines, an object for each file.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::job::Job;
use crate::error::{Error, ErrorKind, Result};
use crate::output::folder;

/// Largest manifest that is read.
pub const MAX_MANIFEST_BYTES: u64 = 256 << 20;

/// A file to compress, as the manifest lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The file.
    pub input: String,
    /// Its compressed form; by default the name of the input and `.vxc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Everything else in the object, which has no meaning here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
    /// Its line in the file, counted from 1.
    #[serde(skip)]
    line: usize,
}

/// A list of files to compress. Its paths are relative to `folder`.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    folder: PathBuf,
    /// The files, in order.
    pub entries: Vec<Entry>,
}

impl Manifest {
    /// Reads a manifest; its paths are relative to its folder.
    ///
    /// # Errors
    /// Those of [`Manifest::parse`], of reading, and [`ErrorKind::LimitExceeded`] for more than
    /// [`MAX_MANIFEST_BYTES`]; the message begins with the path.
    pub fn read(path: &Path) -> Result<Self> {
        Self::read_here(path).map_err(|error| error.context(path.display()))
    }

    fn read_here(path: &Path) -> Result<Self> {
        let mut text = Vec::new();
        let file = File::open(path).map_err(|e| Error::from(e).context("cannot be opened"))?;
        let read = file.take(MAX_MANIFEST_BYTES + 1).read_to_end(&mut text);
        read.map_err(|error| Error::from(error).context("cannot be read"))?;
        if text.len() as u64 > MAX_MANIFEST_BYTES {
            let message = format!(
                "has more than {MAX_MANIFEST_BYTES} bytes, the limit; split it into several manifests"
            );
            return Err(Error::new(ErrorKind::LimitExceeded, message));
        }
        Self::parse(&text, path.parent().unwrap_or(Path::new("")))
    }

    /// Reads the text of a manifest, whose paths are relative to `folder`. Empty lines are ignored.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]: the message says which line is wrong, and how.
    pub fn parse(text: &[u8], folder: &Path) -> Result<Self> {
        let mut entries = Vec::new();
        for (line, text) in (1..).zip(text.split(|byte| *byte == b'\n')) {
            let text = text.trim_ascii();
            if text.is_empty() {
                continue;
            }
            let parsed: serde_json::Result<Entry> = serde_json::from_slice(text);
            let entry = parsed.map_err(|error| wrong(line, not_an_entry(&error)))?;
            if entry.input.is_empty() || entry.output.as_ref().is_some_and(String::is_empty) {
                return Err(wrong(line, "an empty name of a file"));
            }
            entries.push(Entry { line, ..entry });
        }
        Ok(Self { folder: folder.to_owned(), entries })
    }

    /// The work for each entry, in order. Outputs without a name go into `output_folder`, or beside
    /// their inputs.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] for an output that is also the output or the input of another
    /// entry, and for names that give no output; the message says which line is wrong.
    pub fn jobs(&self, output_folder: Option<&Path>) -> Result<Vec<Job>> {
        let mut places = Places::default();
        let mut outputs: HashMap<Place, usize> = HashMap::new();
        let mut jobs = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let job = self.job(entry, output_folder)?;
            let place = places.of(&job.output);
            let place = place.ok_or_else(|| wrong(entry.line, "its output has no file name"))?;
            if let Some(other) = outputs.insert(place, entry.line) {
                return Err(wrong(
                    entry.line,
                    format_args!(
                        "its output is that of line {other} too: {}; give each its own \"output\"",
                        job.output.display()
                    ),
                ));
            }
            jobs.push(job);
        }
        for (entry, job) in self.entries.iter().zip(&jobs) {
            let place = places.of(&job.input);
            if let Some(line) = place.and_then(|place| outputs.get(&place)) {
                return Err(wrong(
                    *line,
                    format_args!(
                        "its output is the input of line {}: {}; give it another \"output\"",
                        entry.line,
                        job.input.display()
                    ),
                ));
            }
        }
        Ok(jobs)
    }

    fn job(&self, entry: &Entry, output_folder: Option<&Path>) -> Result<Job> {
        let input = self.folder.join(&entry.input);
        let named = |output: PathBuf, named_output: String| Job {
            named_input: entry.input.clone(),
            named_output,
            input: input.clone(),
            output,
        };
        if let Some(output) = &entry.output {
            return Ok(named(self.folder.join(output), output.clone()));
        }
        if input.extension().is_some_and(|e| e.eq_ignore_ascii_case("vxc")) {
            let what = format_args!(
                "{} has the name of a compressed file already; give it an \"output\"",
                entry.input
            );
            return Err(wrong(entry.line, what));
        }
        let Some(output_folder) = output_folder else {
            let name = format!("{}.vxc", entry.input);
            return Ok(named(self.folder.join(&name), name));
        };
        let name =
            input.file_name().ok_or_else(|| wrong(entry.line, "its input has no file name"))?;
        let mut name = name.to_owned();
        name.push(".vxc");
        let output = output_folder.join(name);
        // Other paths of a report are relative to the manifest, and this one is not.
        let whole = std::path::absolute(&output).unwrap_or_else(|_| output.clone());
        Ok(named(output, whole.to_string_lossy().into_owned()))
    }
}

/// The number of a folder, and a name in it.
type Place = (usize, OsString);

/// The places of files, whatever their paths look like. Each folder is looked up once, because a
/// manifest may have millions of lines and the file system may be far away.
#[derive(Default)]
struct Places {
    /// Numbers of folders, by their paths as given.
    given: HashMap<OsString, usize>,
    /// Numbers of folders, by their paths without links and dots.
    found: HashMap<PathBuf, usize>,
}

impl Places {
    fn of(&mut self, path: &Path) -> Option<Place> {
        let name = path.file_name()?.to_owned();
        let folder = folder(path);
        if let Some(number) = self.given.get(folder.as_os_str()) {
            return Some((*number, name));
        }
        let found = std::fs::canonicalize(folder).or_else(|_| std::path::absolute(folder));
        let next = self.found.len();
        let number = *self.found.entry(found.unwrap_or_else(|_| folder.into())).or_insert(next);
        self.given.insert(folder.into(), number);
        Some((number, name))
    }
}

fn wrong(line: usize, what: impl std::fmt::Display) -> Error {
    Error::invalid_argument(format!("line {line}: {what}"))
}

/// What is wrong with a line. The parser sees one line at a time, so its own number is always 1.
fn not_an_entry(error: &serde_json::Error) -> String {
    let (column, text) = (error.column(), error.to_string());
    let what = text.split(" at line ").next().unwrap_or_default();
    format!("column {column}: {what}; write {{\"input\": \"FILE\", \"output\": \"FILE.vxc\"}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Manifest> {
        Manifest::parse(text.as_bytes(), Path::new("lists"))
    }

    fn jobs(text: &str, folder: Option<&str>) -> Vec<(String, String)> {
        let jobs = parse(text).unwrap().jobs(folder.map(Path::new)).unwrap();
        let told = |path: &Path| path.display().to_string().replace('\\', "/");
        jobs.iter().map(|job| (told(&job.input), told(&job.output))).collect()
    }

    #[test]
    fn names_of_outputs() {
        let text =
            "{\"input\": \"a/x\"}\r\n\n{\"output\": \"out/y\", \"input\": \"/b/y\", \"run\": 7}";
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let beside = jobs(text, None);
        assert_eq!(beside, [pair("lists/a/x", "lists/a/x.vxc"), pair("/b/y", "lists/out/y")]);
        let elsewhere = jobs(text, Some("out"));
        assert_eq!(elsewhere, [pair("lists/a/x", "out/x.vxc"), pair("/b/y", "lists/out/y")]);
        assert_eq!(parse(text).unwrap().entries[1].other["run"], 7);
        assert!(parse("").unwrap().entries.is_empty());
    }

    #[test]
    fn wrong_lines_are_named() {
        let whole = "{\"input\": \"a\"}\n";
        for (line, words) in [
            ("{\"output\": \"b\"}", "missing field `input`"),
            ("{\"input\": 3}", "invalid type"),
            ("{\"input\": \"b\"", "EOF"),
            ("b.bin", "expected value"),
            ("{\"input\": \"b\"} x", "trailing"),
            ("{\"input\": \"\"}", "an empty name"),
            ("{\"input\": \"b\", \"output\": \"\"}", "an empty name"),
            ("{\"input\": \"b\", \"input\": \"c\"}", "duplicate"),
        ] {
            let error = parse(&format!("{whole}{line}\n")).unwrap_err().to_string();
            assert!(error.starts_with("line 2: ") && error.contains(words), "{line}: {error}");
            assert!(!error.contains("line 1"), "{error}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(Manifest::parse(b"{\"input\": \"\xff\"}", Path::new(".")).is_err());
    }

    #[test]
    fn outputs_do_not_meet_other_files_of_the_manifest() {
        let refused = |text: &str, folder: Option<&str>| {
            let error = parse(text).unwrap().jobs(folder.map(Path::new)).unwrap_err();
            error.to_string()
        };
        let same_name = "{\"input\": \"a/x\"}\n{\"input\": \"b/x\"}";
        assert!(
            refused(same_name, Some("out")).starts_with("line 2: its output is that of line 1")
        );
        let twice = "{\"input\": \"a\"}\n{\"input\": \"b\", \"output\": \"./a.vxc\"}";
        assert!(refused(twice, None).starts_with("line 2: its output is that of line 1"));
        let chain = "{\"input\": \"a\", \"output\": \"b\"}\n{\"input\": \"b\"}";
        assert!(refused(chain, None).starts_with("line 1: its output is the input of line 2"));
        let own = "{\"input\": \"a\", \"output\": \"a\"}";
        assert!(refused(own, None).starts_with("line 1: its output is the input of line 1"));
        assert!(refused("{\"input\": \"a.vxc\"}", None).contains("compressed file already"));
        assert!(refused("{\"input\": \"a\", \"output\": \"..\"}", None).contains("no file name"));
    }
}
