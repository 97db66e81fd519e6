//! Errors of downloads.

use std::path::{Path, PathBuf};

/// The reason of a failed download, and what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// No such experiment.
    #[error("no experiment {name:?}; there are: {known}")]
    UnknownExperiment {
        /// As it was typed.
        name: String,
        /// All names.
        known: String,
    },
    /// A list of files, from disk or from a portal, that does not have the right form.
    #[error("{what}: {message}")]
    List {
        /// Path or URL.
        what: String,
        /// What is wrong with it.
        message: String,
    },
    /// The operating system refused to open, read or write a file.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// An address that must not be fetched.
    #[error("{url}: {reason}")]
    Url {
        /// The address.
        url: String,
        /// The reason.
        reason: String,
    },
    /// The disk is too small.
    #[error(
        "{}: {needed} bytes are needed and {available} are free; free some space, or choose \
         another folder or fewer files", folder.display()
    )]
    NoSpace {
        /// Where the files should go.
        folder: PathBuf,
        /// Bytes still to come.
        needed: u64,
        /// Bytes that the file system gives.
        available: u64,
    },
    /// A file exists with the same name.
    #[error("{}: {reason}; move it away, or let it be replaced", path.display())]
    InTheWay {
        /// The file.
        path: PathBuf,
        /// The reason why it is not the downloaded file.
        reason: String,
    },
    /// Another download writes the same file.
    #[error("{}: another download writes it; wait for that one", path.display())]
    Busy {
        /// The unfinished file.
        path: PathBuf,
    },
    /// The received bytes were wrong several times.
    #[error(
        "{url}: wrong bytes {times} times: {message}; nothing was kept. The list may be out \
         of date, or something between the server and this machine changes the bytes"
    )]
    WrongBytes {
        /// Their address.
        url: String,
        /// Expected and found.
        message: String,
        /// The number of attempts with wrong bytes.
        times: u32,
    },
    /// A file of unknown checksum that differs from its first download.
    #[error(
        "{}: {found}, but it was {expected} when it was first downloaded ({}); let it be \
         replaced if the new one is wanted", path.display(), lock.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// The lock file with the first download.
        lock: PathBuf,
        /// BLAKE3 of the first download.
        expected: String,
        /// BLAKE3 of this one.
        found: String,
    },
    /// The server refuses the request.
    #[error("{url}: the server answers {status}{}", advice(*status))]
    Status {
        /// The address.
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// The server's answers contradict themselves.
    #[error("{url}: {message}; the server cannot be trusted with this file")]
    Lies {
        /// The address.
        url: String,
        /// The contradiction.
        message: String,
    },
    /// The server cannot be used for this file.
    #[error("{url}: {message}")]
    Refused {
        /// The address.
        url: String,
        /// What is wrong.
        message: String,
    },
    /// The maximum number of attempts was reached.
    #[error(
        "{url}: {message} (attempt {attempts}); check the network and run the same command \
         again; the received bytes are kept"
    )]
    GaveUp {
        /// The address.
        url: String,
        /// What happened last.
        message: String,
        /// Requests made.
        attempts: u32,
    },
    /// The portal keeps the file on tape.
    #[error("{name}: is on tape; ask for it at {page} and run the same command again later")]
    OnTape {
        /// The file.
        name: String,
        /// The page of the portal for such requests.
        page: String,
    },
    /// The user stopped it.
    #[error("stopped; run the same command again to continue")]
    Cancelled,
}

/// Result with [`DownloadError`].
pub type Result<T> = std::result::Result<T, DownloadError>;

impl DownloadError {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

fn advice(status: u16) -> &'static str {
    match status {
        401 | 403 => ": it requires a permission; open the address in a browser to see why",
        404 | 410 => ": the file is not there any more; the list may be out of date",
        _ => "",
    }
}
