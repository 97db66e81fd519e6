//! The error type of the crate: a kind to match on, and a message for users.

use std::io;

/// The kind of an error, for programs. The message of the [`Error`] says where it occurred, and
/// with which values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes do not begin like a file of compressed weights.
    NotWeights,
    /// The input is not a safetensors file.
    NotSafetensors,
    /// The bytes contradict themselves or the format.
    Corrupt,
    /// The bytes end too early.
    Truncated,
    /// Bytes follow the end of the compressed file.
    TrailingData,
    /// Bytes do not have the checksum that the file states.
    ChecksumMismatch,
    /// Written by a version, or with a feature, that this build does not know.
    UnsupportedVersion,
    /// The file holds differences from a base checkpoint, and no base was given.
    MissingBase,
    /// The given base checkpoint is not the one that the file was made with.
    WrongBase,
    /// A size is above a limit of the format or of the caller.
    LimitExceeded,
    /// The caller's arguments do not fit together.
    InvalidArgument,
    /// Reading or writing failed.
    Io(io::ErrorKind),
}

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The kind of the error, to match on.
    pub kind: ErrorKind,
    /// What is wrong, where, with which values, and what to do next.
    pub message: String,
    #[source]
    source: Option<io::Error>,
}

/// Result with the crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of any kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }
    /// [`ErrorKind::Corrupt`].
    pub fn corrupt(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Corrupt, message)
    }
    /// [`ErrorKind::TrailingData`] after a file of `bytes`.
    pub(crate) fn trailing_data(bytes: u64) -> Self {
        let message = format!("something follows the end of the file at byte {bytes}");
        Self::new(ErrorKind::TrailingData, message)
    }
    /// [`ErrorKind::InvalidArgument`].
    pub fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument, message)
    }
    /// Its cause, for the error of another crate.
    pub fn into_source(self) -> Option<io::Error> {
        self.source
    }
    /// The same error with `context` and a colon before its message.
    #[must_use]
    pub fn context(mut self, context: impl std::fmt::Display) -> Self {
        self.message = format!("{context}: {}", self.message);
        self
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self { kind: ErrorKind::Io(error.kind()), message: error.to_string(), source: Some(error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    #[test]
    fn context_and_source_are_kept() {
        let error = Error::from(io::Error::new(io::ErrorKind::PermissionDenied, "not yours"));
        let error = error.context("chunk 3");
        assert_eq!(error.to_string(), "chunk 3: not yours");
        assert_eq!(error.kind, ErrorKind::Io(io::ErrorKind::PermissionDenied));
        assert!(error.source().is_some());
        assert!(Error::corrupt("x").source().is_none());
    }
}
