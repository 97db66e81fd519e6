//! Errors of the ROOT reader, with file, object, place and reason.

use std::fmt;
use std::path::Path;

/// The reason why a ROOT file, or one object or branch of it, is not read.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {object}{}: {message}", At(*.offset))]
pub struct RootError {
    /// The file.
    pub file: String,
    /// The object (tree, branch and basket) that was read.
    pub object: String,
    /// Place in the file, or in the uncompressed bytes of the object.
    pub offset: Option<u64>,
    /// The kind of the error.
    pub kind: RootErrorKind,
    /// What is wrong, with the value and the allowed values.
    pub message: String,
}

/// The kinds of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RootErrorKind {
    /// The operating system could not read the file.
    Io,
    /// The bytes contradict themselves: damaged, truncated or not a ROOT file.
    Corrupt,
    /// No damage is visible, but this reader does not know the form.
    Unsupported,
    /// Larger than [`limits`](crate::limits) allows.
    Limit,
}

struct At(Option<u64>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(offset) => write!(f, ", byte {offset}"),
            None => Ok(()),
        }
    }
}

/// An error without its file and object.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) offset: Option<u64>,
    pub(crate) kind: RootErrorKind,
    pub(crate) message: String,
}

pub(crate) type Outcome<T> = Result<T, Fault>;

impl Fault {
    pub(crate) fn corrupt(message: impl Into<String>) -> Self {
        Self { offset: None, kind: RootErrorKind::Corrupt, message: message.into() }
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self { offset: None, kind: RootErrorKind::Unsupported, message: message.into() }
    }

    pub(crate) fn limit(what: &str, value: u64, limit: u64) -> Self {
        let message = format!("{what}: {value}, but at most {limit} are read");
        Self { offset: None, kind: RootErrorKind::Limit, message }
    }

    /// Adds the place, unless a more exact place is already known.
    pub(crate) fn at(mut self, offset: u64) -> Self {
        self.offset.get_or_insert(offset);
        self
    }

    pub(crate) fn of(self, file: &str, object: impl Into<String>) -> RootError {
        RootError {
            file: file.to_owned(),
            object: object.into(),
            offset: self.offset,
            kind: self.kind,
            message: self.message,
        }
    }
}

impl From<std::io::Error> for Fault {
    fn from(e: std::io::Error) -> Self {
        Self { offset: None, kind: RootErrorKind::Io, message: e.to_string() }
    }
}

impl RootError {
    pub(crate) fn io(path: &Path, e: std::io::Error) -> Self {
        Fault::from(e).of(&path.display().to_string(), "file")
    }
}
