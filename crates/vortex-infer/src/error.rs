//! What can be wrong with a model.

/// A model file or network that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes do not begin as a model file does.
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
    /// This machine computes something else than the machine that wrote the model.
    #[error(
        "the self-test of the model fails at level {level}: this build or processor computes wrong numbers; please report it"
    )]
    SelfTest {
        /// The level that failed.
        level: &'static str,
    },
    /// The level cannot run here.
    #[error("this processor does not have the instructions of level {level}")]
    LevelUnavailable {
        /// The level asked for.
        level: &'static str,
    },
}

/// Result with the crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
