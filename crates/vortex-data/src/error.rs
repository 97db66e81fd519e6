//! Errors with the file, the place, the value and the allowed values.

use std::path::{Path, PathBuf};

/// The errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused to open, read or write a file.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// A sidecar does not follow its format.
    #[error("{}: {message}", path.display())]
    Sidecar {
        /// The sidecar.
        path: PathBuf,
        /// Line or field, value, and the values allowed.
        message: String,
    },
    /// A request for records that a file does not hold.
    #[error("{what}: records {start}..{end} requested, but there are {n_records}")]
    RecordRange {
        /// The file, or the name of the data in memory.
        what: String,
        /// First requested record.
        start: u64,
        /// One past the last requested record.
        end: u64,
        /// Number of records.
        n_records: u64,
    },
    /// Files that cannot form one set of records.
    #[error("{path}: its schema differs from that of {first}; one set of records has one schema")]
    MixedSchemas {
        /// The file that does not fit.
        path: String,
        /// The first file of the set.
        first: String,
    },
    /// A split that is not three parts.
    #[error(
        "split {value:?}: {reason}; give three whole numbers, as in 80/10/10 (train/validation/test)"
    )]
    Split {
        /// As it was typed.
        value: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    pub(crate) fn sidecar(path: &Path, message: impl Into<String>) -> Self {
        Self::Sidecar { path: path.to_owned(), message: message.into() }
    }
}
