//! What can go wrong, said with file, place, value and what is allowed.

use std::path::{Path, PathBuf};

/// Everything this crate refuses.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused to open, read or write a file.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file of another program is damaged, or holds what is not read.
    #[error("{}: {part}: {message}", path.display())]
    Source {
        /// The file.
        path: PathBuf,
        /// The dataset, or the part of the file.
        part: String,
        /// What is wrong, with the value and the limit.
        message: String,
    },
    /// A schema or a split that is none.
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
