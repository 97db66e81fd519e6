//! The error type of the crate: a kind to match on, and a message for users.

use std::error::Error as StdError;
use std::io;

/// The kind of an error, for programs. The message of the [`Error`] says where it occurred, and
/// with which values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes contradict themselves or the format.
    Corrupt,
    /// The bytes end too early.
    Truncated,
    /// Decoded bytes do not have the checksum that the file states.
    ChecksumMismatch,
    /// Written by a version, or with a feature, that this build does not know.
    UnsupportedVersion,
    /// The data was coded with another model than the given one.
    WrongModel,
    /// The model gives wrong numbers on this machine or build; the model and the file are not
    /// damaged.
    SelfTestFailed,
    /// The right model was found but cannot be used: it is damaged or refused.
    UnusableModel,
    /// A size is above a limit of the format or of the caller.
    LimitExceeded,
    /// The caller's arguments do not fit together.
    InvalidArgument,
    /// Reading or writing failed.
    Io(io::ErrorKind),
    /// The bytes do not begin like a `.vxc` file.
    NotVxc,
    /// The last member of a `.vxc` file is followed by bytes that are not a member.
    TrailingData,
    /// The new output does not decode to the same bytes: the predictor or the machine has a fault.
    VerifyFailed,
    /// The caller set the flag to stop.
    Cancelled,
    /// A predictor or loader panicked in a worker thread.
    WorkerPanicked,
    /// The device that runs the predictor failed, for example because its memory is full. Neither
    /// the data nor the file has a fault.
    DeviceFailed,
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
    source: Option<Box<dyn StdError + Send + Sync>>,
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
    /// [`ErrorKind::Truncated`].
    pub fn truncated(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Truncated, message)
    }
    /// [`ErrorKind::ChecksumMismatch`] of stored bytes: the file is damaged.
    pub fn damaged(what: impl std::fmt::Display) -> Self {
        let advice = "the file is damaged: get it again, or take another copy";
        Self::new(ErrorKind::ChecksumMismatch, format!("{what}; {advice}"))
    }
    /// [`ErrorKind::InvalidArgument`].
    pub fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument, message)
    }
    /// [`ErrorKind::LimitExceeded`].
    pub fn limit_exceeded(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::LimitExceeded, message)
    }
    /// The same error with its cause: a [`super::container::ModelLoader`] can give more details in
    /// its own error type.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
    /// Kind, message and cause, for the error of another crate.
    pub fn into_parts(self) -> (ErrorKind, String, Option<Box<dyn StdError + Send + Sync>>) {
        (self.kind, self.message, self.source)
    }
    /// The same error with `context` and a colon before its message.
    #[must_use]
    pub fn context(mut self, context: impl std::fmt::Display) -> Self {
        self.message = format!("{context}: {}", self.message);
        self
    }
}

impl From<io::Error> for Error {
    /// Restores an error of this crate that was passed through [`io::Read`] or [`io::Write`].
    fn from(error: io::Error) -> Self {
        error.downcast::<Self>().unwrap_or_else(|error| {
            Self::new(ErrorKind::Io(error.kind()), error.to_string()).with_source(error)
        })
    }
}

impl From<Error> for io::Error {
    /// Keeps the kind of an input or output error.
    fn from(error: Error) -> Self {
        match error.kind {
            ErrorKind::Io(kind) => Self::new(kind, error),
            ErrorKind::Truncated => Self::new(io::ErrorKind::UnexpectedEof, error),
            _ => Self::other(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_and_source_are_kept() {
        let error = Error::from(io::Error::new(io::ErrorKind::UnexpectedEof, "ended"));
        let error = error.context("block 3");
        assert_eq!(error.to_string(), "block 3: ended");
        assert_eq!(error.kind, ErrorKind::Io(io::ErrorKind::UnexpectedEof));
        assert!(error.source().is_some());
        assert!(Error::corrupt("x").source().is_none());
    }

    #[test]
    fn a_way_through_io_changes_nothing() {
        for kind in
            [ErrorKind::Corrupt, ErrorKind::Truncated, ErrorKind::Io(io::ErrorKind::StorageFull)]
        {
            let error = Error::from(io::Error::from(Error::new(kind, "block 3")));
            assert_eq!((error.kind, error.to_string()), (kind, "block 3".into()));
        }
    }
}
