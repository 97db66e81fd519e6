//! The error type of the crate: a kind to match on, a message for users, and a cause.

use std::error::Error as StdError;
use std::fmt;
use std::io;

/// The kind of an error, for programs. The message of the [`Error`] says where it occurred, and
/// with which values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes do not begin like a `.vxc` file.
    NotVxc,
    /// The bytes do not begin like a `.vxw` file.
    NotWeights,
    /// The bytes of a compressed file contradict themselves or the format.
    Corrupt,
    /// A compressed file ends too early.
    Truncated,
    /// Decoded bytes do not have the checksum that the file states.
    ChecksumMismatch,
    /// The last member of a compressed file is followed by bytes that are not a member.
    TrailingData,
    /// Written by a version, or with a feature, that this build does not know.
    UnsupportedVersion,
    /// The file needs a model, and this model was not found.
    MissingModel,
    /// The data was coded with another model than the given one.
    WrongModel,
    /// A model is damaged, is not well-formed, or could overflow.
    UnusableModel,
    /// A model is valid, but this build or processor computes other numbers with it.
    SelfTest,
    /// This processor does not have the requested instructions.
    NoSuchInstructions,
    /// A schema is not valid.
    Schema,
    /// Files that should have the same records have different records.
    MixedRecords,
    /// A file of another program is damaged, or holds data that Vortex does not read.
    Source,
    /// A file was written to while it was read.
    InputChanged,
    /// The file is not an archive of datasets, or holds no dataset or field with that name.
    NotFound,
    /// An input of weights is not a safetensors file.
    NotSafetensors,
    /// The file holds differences from a base checkpoint, and no base was given.
    MissingBase,
    /// The given checkpoint is not the base of the differences.
    WrongBase,
    /// The caller's arguments do not fit together.
    InvalidArgument,
    /// A size is above a limit of the format or of the caller.
    LimitExceeded,
    /// An output exists, and the caller did not allow to replace it.
    OutputExists,
    /// A folder exists, and folders are never replaced.
    FolderExists,
    /// The name of an output file is that of a directory, or is missing.
    NotAFile,
    /// The new output does not decode to the same bytes: the predictor or the machine has a fault.
    VerifyFailed,
    /// The caller set the flag to stop.
    Cancelled,
    /// A thread panicked.
    WorkerPanicked,
    /// Another codec failed that was run for comparison.
    Baseline,
    /// Training failed, or cannot begin.
    Training,
    /// A computing device cannot be used.
    Device,
    /// This program was built without the needed feature.
    NotBuilt,
    /// Reading or writing failed.
    Io(io::ErrorKind),
    /// An error of another crate for which there is no kind here yet.
    Other,
}

/// An error of this crate.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Result with the crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of any kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// The kind of the error, to match on.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What is wrong, where, with which values, and what to do next.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same error with `context` and a colon before its message.
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.message = format!("{context}: {}", self.message);
        self
    }

    /// The same error with its cause.
    #[must_use]
    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(crate) fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<io::Error> for Error {
    /// Restores an error of the coder that was passed through [`io::Read`] or [`io::Write`].
    fn from(error: io::Error) -> Self {
        vortex_coder::Error::from(error).into()
    }
}

impl From<vortex_coder::Error> for Error {
    fn from(error: vortex_coder::Error) -> Self {
        use vortex_coder::ErrorKind as Coder;
        let (kind, message, source) = error.into_parts();
        // The error of our model loader is more exact than that of the coder.
        let ours = source.as_ref().and_then(|source| source.downcast_ref::<Self>());
        let kind = match (ours, kind) {
            (Some(ours), _) => ours.kind,
            (None, Coder::NotVxc) => ErrorKind::NotVxc,
            (None, Coder::Corrupt) => ErrorKind::Corrupt,
            (None, Coder::Truncated) => ErrorKind::Truncated,
            (None, Coder::ChecksumMismatch) => ErrorKind::ChecksumMismatch,
            (None, Coder::TrailingData) => ErrorKind::TrailingData,
            (None, Coder::UnsupportedVersion) => ErrorKind::UnsupportedVersion,
            (None, Coder::WrongModel) => ErrorKind::WrongModel,
            (None, Coder::SelfTestFailed) => ErrorKind::SelfTest,
            (None, Coder::UnusableModel) => ErrorKind::UnusableModel,
            (None, Coder::LimitExceeded) => ErrorKind::LimitExceeded,
            (None, Coder::InvalidArgument) => ErrorKind::InvalidArgument,
            (None, Coder::VerifyFailed) => ErrorKind::VerifyFailed,
            (None, Coder::Cancelled) => ErrorKind::Cancelled,
            (None, Coder::WorkerPanicked) => ErrorKind::WorkerPanicked,
            (None, Coder::DeviceFailed) => ErrorKind::Device,
            (None, Coder::Io(kind)) => ErrorKind::Io(kind),
            (None, _) => ErrorKind::Other,
        };
        Self { kind, message, source }
    }
}

/// For the coder, which uses it as the cause of its own error.
impl From<Error> for vortex_coder::Error {
    fn from(error: Error) -> Self {
        use vortex_coder::ErrorKind as Coder;
        let kind = match error.kind {
            ErrorKind::MissingModel | ErrorKind::WrongModel => Coder::WrongModel,
            ErrorKind::SelfTest => Coder::SelfTestFailed,
            ErrorKind::Io(kind) => Coder::Io(kind),
            _ => Coder::UnusableModel,
        };
        Self::new(kind, error.message.clone()).with_source(error)
    }
}

impl From<vortex_infer::Error> for Error {
    fn from(error: vortex_infer::Error) -> Self {
        let kind = match &error {
            vortex_infer::Error::SelfTest { .. } => ErrorKind::SelfTest,
            vortex_infer::Error::Unavailable { .. } => ErrorKind::Device,
            vortex_infer::Error::UnsupportedVersion { .. } => ErrorKind::UnsupportedVersion,
            _ => ErrorKind::UnusableModel,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<vortex_data::Error> for Error {
    fn from(error: vortex_data::Error) -> Self {
        let message = error.to_string();
        match error {
            vortex_data::Error::Io { source, .. } => {
                Self::new(ErrorKind::Io(source.kind()), message).with_source(source)
            }
            vortex_data::Error::RecordRange { .. } | vortex_data::Error::Split { .. } => {
                Self::new(ErrorKind::InvalidArgument, message)
            }
            vortex_data::Error::MixedSchemas { .. } => Self::new(ErrorKind::MixedRecords, message),
            _ => Self::new(ErrorKind::Schema, message),
        }
    }
}

impl From<vortex_sources::Error> for Error {
    fn from(error: vortex_sources::Error) -> Self {
        let message = error.to_string();
        match error {
            vortex_sources::Error::Io { source, .. } => {
                Self::new(ErrorKind::Io(source.kind()), message).with_source(source)
            }
            vortex_sources::Error::Data(error) => error.into(),
            _ => Self::new(ErrorKind::Source, message),
        }
    }
}

#[cfg(feature = "weights")]
impl From<vortex_zipnn::Error> for Error {
    fn from(error: vortex_zipnn::Error) -> Self {
        use vortex_zipnn::ErrorKind as Weights;
        let kind = match error.kind {
            Weights::NotWeights => ErrorKind::NotWeights,
            Weights::NotSafetensors => ErrorKind::NotSafetensors,
            Weights::Corrupt => ErrorKind::Corrupt,
            Weights::Truncated => ErrorKind::Truncated,
            Weights::TrailingData => ErrorKind::TrailingData,
            Weights::ChecksumMismatch => ErrorKind::ChecksumMismatch,
            Weights::UnsupportedVersion => ErrorKind::UnsupportedVersion,
            Weights::MissingBase => ErrorKind::MissingBase,
            Weights::WrongBase => ErrorKind::WrongBase,
            Weights::LimitExceeded => ErrorKind::LimitExceeded,
            Weights::InvalidArgument => ErrorKind::InvalidArgument,
            Weights::Io(kind) => ErrorKind::Io(kind),
            _ => ErrorKind::Other,
        };
        let ours = Self::new(kind, error.message.clone());
        match error.into_source() {
            Some(source) => ours.with_source(source),
            None => ours,
        }
    }
}

#[cfg(feature = "train")]
impl From<vortex_train::TrainError> for Error {
    fn from(error: vortex_train::TrainError) -> Self {
        let message = error.to_string();
        match error {
            vortex_train::TrainError::Io { source, .. } => {
                Self::new(ErrorKind::Io(source.kind()), message).with_source(source)
            }
            vortex_train::TrainError::NotBuilt { .. } => Self::new(ErrorKind::NotBuilt, message),
            vortex_train::TrainError::Device { .. } => Self::new(ErrorKind::Device, message),
            _ => Self::new(ErrorKind::Training, message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_our_own_loader_survives_the_coder_and_io() {
        let own = Error::new(ErrorKind::SelfTest, "the self-test fails");
        let coder = vortex_coder::Error::from(own).context("m.vxm");
        assert_eq!(coder.kind, vortex_coder::ErrorKind::SelfTestFailed);
        let back = Error::from(io::Error::from(coder));
        assert_eq!(back.kind(), ErrorKind::SelfTest);
        assert_eq!(back.to_string(), "m.vxm: the self-test fails");
    }

    #[test]
    fn causes_of_the_system_are_kept() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let error = Error::from(full).context("out.vxc");
        assert_eq!(error.kind(), ErrorKind::Io(io::ErrorKind::StorageFull));
        assert!(error.source().is_some_and(|source| source.is::<io::Error>()));
        let missing = vortex_data::read_schema("/no/such/file".as_ref()).unwrap_err();
        assert_eq!(Error::from(missing).kind(), ErrorKind::Io(io::ErrorKind::NotFound));
    }
}
