//! The possible failures of an attempt, by what to do next.

use std::time::Duration;

use crate::error::DownloadError;

/// The reason why an attempt at a file ended early.
pub(crate) enum Fault {
    /// The host cannot be reached: only few attempts are made.
    Unreachable {
        /// For the user.
        message: String,
    },
    /// The connection broke, stalled or was too slow: continue where it ended.
    Lost {
        /// For the user.
        message: String,
    },
    /// The server asks to wait.
    Busy {
        /// For the user.
        message: String,
        /// The time, if the server gives it.
        wait: Option<Duration>,
    },
    /// The answer of the server contradicts itself or the request: the received bytes are useless.
    Lie {
        /// For the user.
        message: String,
    },
    /// The bytes are not those of the file.
    Wrong {
        /// For the user.
        message: String,
    },
    /// Another attempt at this address cannot help.
    Refused(DownloadError),
    /// No other attempt can help.
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
