//! Errors of models and of executions.

use vortex_coder::ErrorKind;

/// A model file or network that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes do not begin like a model file.
    #[error("not a Vortex model: it does not begin with the .vxm signature")]
    NotAModel,
    /// Written by a later version.
    #[error(
        "the model file has format version {found}; this build reads version {known}; use a newer build"
    )]
    UnsupportedVersion {
        /// In the file.
        found: u16,
        /// Of this build.
        known: u16,
    },
    /// The file ends early or its checksum does not fit.
    #[error("the model file is damaged: {0}; get it again from where it was trained")]
    Damaged(String),
    /// Sizes that contradict each other or exceed a limit.
    #[error("the model is not well-formed: {0}")]
    Shape(String),
    /// An accumulator could overflow.
    #[error(
        "the model is refused: {what} could reach {value}, and its limit is {limit}; export it again with smaller weights"
    )]
    Overflow {
        /// Which sum.
        what: String,
        /// Its worst case.
        value: i128,
        /// What it must stay below.
        limit: i128,
    },
    /// The execution computes other numbers than the machine that wrote the model.
    #[error(
        "the self-test of the model fails on {execution}, which computes wrong numbers; the model itself is sound: please report this, and use another execution"
    )]
    SelfTest {
        /// The name of the execution that failed.
        execution: String,
    },
    /// The execution cannot run here, or not this model.
    #[error("the model cannot run on {execution}: {reason}")]
    Unavailable {
        /// The name of the requested execution.
        execution: String,
        /// What is missing.
        reason: String,
    },
}

impl From<Error> for vortex_coder::Error {
    /// The error of a loader of models. Only a failed self-test is not a fault of the model.
    fn from(error: Error) -> Self {
        let kind = match error {
            Error::SelfTest { .. } => ErrorKind::SelfTestFailed,
            Error::Unavailable { .. } => ErrorKind::InvalidArgument,
            Error::UnsupportedVersion { .. } => ErrorKind::UnsupportedVersion,
            _ => ErrorKind::UnusableModel,
        };
        Self::new(kind, error.to_string())
    }
}

/// Result with the crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
