//! What an attempt can end with, sorted by what to do next.

use std::time::Duration;

use crate::error::DownloadError;

/// Why an attempt at a file ended early.
pub(crate) enum Fault {
    /// Nobody is there: worth few attempts.
    Unreachable {
        /// For the user.
        message: String,
    },
    /// The connection broke, stalled or crept: go on from where it ended.
    Lost {
        /// For the user.
        message: String,
    },
    /// The server asks to wait.
    Busy {
        /// For the user.
        message: String,
        /// How long, if it says so.
        wait: Option<Duration>,
    },
    /// The server claims what cannot be: what arrived is worth nothing.
    Lie {
        /// For the user.
        message: String,
    },
    /// The bytes are not those of the file.
    Wrong {
        /// For the user.
        message: String,
    },
    /// No use at this address.
    Refused(DownloadError),
    /// No use at all.
    Fatal(DownloadError),
}

impl From<DownloadError> for Fault {
    fn from(error: DownloadError) -> Self {
        match error {
            DownloadError::Url { .. } => Self::Refused(error),
            _ => Self::Fatal(error),
        }
    }
}
