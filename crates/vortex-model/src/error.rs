//! Errors of models.

use std::path::PathBuf;

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An entry of the configuration is out of range.
    #[error("{name} is {value}: it must be {allowed}")]
    Config {
        /// Path of the entry.
        name: String,
        /// Its value.
        value: usize,
        /// The allowed values.
        allowed: String,
    },
    /// A set of tensors does not fit the model.
    #[error("tensor {name}: {problem}")]
    Tensor {
        /// Name of the tensor.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A file is not a checkpoint that can be imported.
    #[error("{}: {message}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the names of tensors.
        message: String,
    },
    /// A record specification does not fit its layout.
    #[error("record specification: {0}")]
    Spec(String),
    /// The weights cannot be represented in the integer network.
    #[error("export: {0}")]
    Export(String),
}

impl Error {
    pub(crate) fn config(name: &str, value: usize, allowed: &str) -> Self {
        Self::Config { name: name.into(), value, allowed: allowed.into() }
    }
}
