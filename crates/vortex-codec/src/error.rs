//! The one error type of the crate: a kind to match on, a message for people, and a cause.

use std::error::Error as StdError;
use std::fmt;
use std::io;

/// What went wrong, for programs. The message of the [`Error`] says where, and with which values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes do not begin as a `.vxc` file does.
    NotVxc,
    /// The bytes do not begin as a `.vxw` file does.
    NotWeights,
    /// The bytes of a compressed file contradict themselves or the format.
    Corrupt,
    /// A compressed file ends before what it announces.
    Truncated,
    /// Decoded bytes do not have the checksum that the file states.
    ChecksumMismatch,
    /// Something that is not a member follows the last member of a compressed file.
    TrailingData,
    /// Written by a version, or with a feature, that this build does not know.
    UnsupportedVersion,
    /// The file needs a model, and no model in reach is that one.
    MissingModel,
    /// The model at hand is not the one that the data was coded with.
    WrongModel,
    /// A model is damaged, is not well-formed, or could overflow.
    UnusableModel,
    /// A model is sound, and this build or processor computes other numbers with it.
    SelfTest,
    /// This processor does not have the instructions that were asked for.
    NoSuchInstructions,
    /// A description of records is not one.
    Schema,
    /// Files that should have the same records have not.
    MixedRecords,
    /// A file of another program is damaged, or holds what is not read.
    Source,
    /// The file is no archive of datasets, or holds no dataset or field of that name.
    NotFound,
    /// What should be compressed as weights is not a safetensors file.
    NotSafetensors,
    /// The file holds differences from another checkpoint, and none was given.
    MissingBase,
    /// The checkpoint at hand is not the one that differences were taken to.
    WrongBase,
    /// The caller's arguments do not fit together.
    InvalidArgument,
    /// A size is beyond what the format or the caller allows.
    LimitExceeded,
    /// An output is there already, and the caller did not ask to replace it.
    OutputExists,
    /// A folder is there already, and folders are not replaced.
    FolderExists,
    /// An output should be a file, and its name is that of a directory, or none.
    NotAFile,
    /// What was just encoded does not decode to the same bytes: a predictor's or machine's fault.
    VerifyFailed,
    /// The caller's flag asked to stop.
    Cancelled,
    /// A thread panicked.
    WorkerPanicked,
    /// Another codec, run to compare with, failed.
    Baseline,
    /// Training failed, or cannot begin.
    Training,
    /// A device to compute on cannot be used.
    Device,
    /// This program was built without what it would take.
    NotBuilt,
    /// Reading or writing failed.
    Io(io::ErrorKind),
    /// A failure of another crate that has no kind here yet.
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

    /// What went wrong, to match on.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What went wrong, where, with which values, and what to do about it.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same error with `context` and a colon before its message.
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.message = format!("{context}: {}", self.message);
        self
    }

    /// The same error with what caused it.
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
    /// An error of the coder that went through [`io::Read`] or [`io::Write`] is itself again.
    fn from(error: io::Error) -> Self {
        vortex_coder::Error::from(error).into()
    }
}

impl From<vortex_coder::Error> for Error {
    fn from(error: vortex_coder::Error) -> Self {
        use vortex_coder::ErrorKind as Coder;
        let (kind, message, source) = error.into_parts();
        // Our own loader of models knows better than the coder what is wrong with one.
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
            (None, Coder::Io(kind)) => ErrorKind::Io(kind),
            (None, _) => ErrorKind::Other,
        };
        Self { kind, message, source }
    }
}

/// For the coder, as the cause of an error of its own.
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
            vortex_infer::Error::Unavailable { .. } => ErrorKind::NoSuchInstructions,
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
