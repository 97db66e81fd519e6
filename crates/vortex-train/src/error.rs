//! Errors of training.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// An error of training, with the place and what to do next in its message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The configuration is not valid YAML, or has an unknown key or a wrong type.
    #[error("configuration {origin}: {message}")]
    Config {
        /// File name, or a word for a text without a file.
        origin: String,
        /// With line and column.
        message: String,
    },
    /// A value of the configuration is outside its limits.
    #[error("configuration: `{field}` is {value}, but must be {rule}")]
    Invalid {
        /// Dotted path of the key.
        field: Cow<'static, str>,
        /// Its value.
        value: String,
        /// The allowed values.
        rule: String,
    },
    /// The run needs more memory than there is.
    #[error(
        "training needs about {needed:.1} GiB of memory, but {available:.1} GiB are available and a tenth \
         of that is reserved for other programs. {hint}"
    )]
    Memory {
        /// Estimate in GiB.
        needed: f64,
        /// In GiB.
        available: f64,
        /// A sentence about what would fit.
        hint: String,
    },
    /// The data cannot be trained on.
    #[error("training data: {0}")]
    Data(String),
    /// A device cannot be used.
    #[error("device {device}: {message}")]
    Device {
        /// As the user names it.
        device: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// A device that this program was built without.
    #[error(
        "device {device}: this program was built without the feature {feature}, which the device needs"
    )]
    NotBuilt {
        /// As the user names it.
        device: String,
        /// The feature of this crate.
        feature: &'static str,
    },
    /// The model could not be made or exported.
    #[error("model: {0}")]
    Model(String),
    /// Every byte of the records costs as much as a random one.
    #[error(
        "there is nothing to learn: after {step} steps, every byte of the held-out records costs \
         {bits} bits or more, as bytes of compressed, encrypted or random data do. Compress the data \
         without a model"
    )]
    Nothing {
        /// Optimiser step at which it was found.
        step: u64,
        /// Bits per byte from which on a byte counts as noise.
        bits: f64,
    },
    /// The loss is not a number, or is so large that training has failed.
    #[error(
        "training diverged at step {step}: {what} is {value}. {checkpoint}. Lower \
         `optimizer.learning_rate` (now {learning_rate}) or raise `optimizer.warmup`, then start again"
    )]
    Diverged {
        /// Optimiser step at which it happened.
        step: u64,
        /// The quantity.
        what: &'static str,
        /// What it is.
        value: String,
        /// A sentence about the last good checkpoint.
        checkpoint: String,
        /// Peak rate of the configuration.
        learning_rate: f64,
    },
    /// A checkpoint cannot be used.
    #[error("checkpoint {}: {message}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        message: String,
    },
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// "read", "write" ...
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
}

impl TrainError {
    /// An error of the data files.
    pub(crate) fn data(error: impl std::fmt::Display) -> Self {
        Self::Data(error.to_string())
    }

    /// Refuses a value of the configuration unless `ok`.
    pub(crate) fn limit<V: ToString, R: Into<String>>(
        ok: bool,
        field: &'static str,
        value: V,
        rule: R,
    ) -> Result<()> {
        match ok {
            true => Ok(()),
            false => Err(Self::Invalid {
                field: field.into(),
                value: value.to_string(),
                rule: rule.into(),
            }),
        }
    }

    /// Wraps the error of one file operation.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }
}

/// Result of this crate.
pub type Result<T> = std::result::Result<T, TrainError>;
