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
    /// A file of another program is damaged, or holds data that this crate does not read.
    #[error("{}: {part}: {message}", path.display())]
    Source {
        /// The file.
        path: PathBuf,
        /// The dataset, or the part of the file.
        part: String,
        /// What is wrong, with the value and the limit.
        message: String,
    },
    /// An invalid schema or split.
    #[error(transparent)]
    Data(#[from] vortex_data::Error),
}

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    pub(crate) fn source(path: &Path, part: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Source { path: path.to_owned(), part: part.into(), message: message.into() }
    }
}
