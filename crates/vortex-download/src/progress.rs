//! Events of a download for observers.

use std::time::{Duration, Instant};

/// An event.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DownloadEvent<'a> {
    /// The list of files is requested from a portal.
    Asking {
        /// The address.
        url: &'a str,
    },
    /// A note for the user.
    Note {
        /// One line.
        text: &'a str,
    },
    /// An existing file is compared with its checksum, or an incomplete one is read again.
    Checking {
        /// Its name.
        name: &'a str,
    },
    /// A file existed and is correct.
    Kept {
        /// Its name.
        name: &'a str,
        /// Its length.
        bytes: u64,
    },
    /// The download of a file starts or continues.
    Started {
        /// Its name.
        name: &'a str,
        /// Existing bytes.
        bytes: u64,
        /// Total bytes, if known.
        total: Option<u64>,
    },
    /// Bytes have arrived; at most ten times per second.
    Progress(Progress<'a>),
    /// An attempt failed and another one follows.
    Retry {
        /// Name of the file or list.
        name: &'a str,
        /// What happened.
        reason: &'a str,
        /// Time until the next attempt.
        wait: Duration,
    },
    /// A file is complete and right.
    Finished {
        /// Its name.
        name: &'a str,
        /// Its length.
        bytes: u64,
    },
}

/// Progress of a file.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Its name.
    pub name: &'a str,
    /// Bytes on disk.
    pub bytes: u64,
    /// Total bytes, if known.
    pub total: Option<u64>,
    /// Recent bytes per second.
    pub rate: f64,
    /// Remaining time at this rate, if the total is known.
    pub left: Option<Duration>,
}

/// Watches a download.
pub trait DownloadObserver {
    /// Called on the thread that downloads.
    fn event(&mut self, event: &DownloadEvent<'_>);
}

/// No observer.
impl DownloadObserver for () {
    fn event(&mut self, _: &DownloadEvent<'_>) {}
}

/// Bytes per second, with the largest weight on the last seconds.
pub(crate) struct Rate {
    last: Instant,
    bytes: u64,
    rate: f64,
}

impl Rate {
    pub fn new(bytes: u64) -> Self {
        Self { last: Instant::now(), bytes, rate: 0.0 }
    }

    /// The current progress, at least a tenth of a second after the last one.
    pub fn tick<'a>(
        &mut self,
        name: &'a str,
        bytes: u64,
        total: Option<u64>,
    ) -> Option<Progress<'a>> {
        let seconds = self.last.elapsed().as_secs_f64();
        if seconds < 0.1 {
            return None;
        }
        let now = bytes.saturating_sub(self.bytes) as f64 / seconds;
        let share = if self.rate == 0.0 { 1.0 } else { 1.0 - (-seconds / 3.0).exp() };
        self.rate += (now - self.rate) * share;
        (self.last, self.bytes) = (Instant::now(), bytes);
        let left = total
            .map(|total| total.saturating_sub(bytes) as f64 / self.rate)
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        Some(Progress { name, bytes, total, rate: self.rate, left })
    }
}
