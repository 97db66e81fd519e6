//! What a download tells those who watch.

use std::time::{Duration, Instant};

/// What happens, as it happens.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DownloadEvent<'a> {
    /// A portal is asked which files there are.
    Asking {
        /// The address.
        url: &'a str,
    },
    /// Something that the user should know.
    Note {
        /// One line.
        text: &'a str,
    },
    /// A file that is there already is compared with its checksum, or an unfinished one read again.
    Checking {
        /// Its name.
        name: &'a str,
    },
    /// A file was there already, and right.
    Kept {
        /// Its name.
        name: &'a str,
        /// Its length.
        bytes: u64,
    },
    /// A file begins, or goes on.
    Started {
        /// Its name.
        name: &'a str,
        /// Bytes there already.
        bytes: u64,
        /// Bytes in all, where known.
        total: Option<u64>,
    },
    /// Bytes have arrived: at most ten times a second.
    Progress(Progress<'a>),
    /// An attempt failed and another one follows.
    Retry {
        /// Of the file or list.
        name: &'a str,
        /// What happened.
        reason: &'a str,
        /// How long until then.
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

/// How far a file is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Its name.
    pub name: &'a str,
    /// Bytes on disk.
    pub bytes: u64,
    /// Bytes in all, where known.
    pub total: Option<u64>,
    /// Bytes a second, lately.
    pub rate: f64,
    /// Time left at that rate, where the total is known.
    pub left: Option<Duration>,
}

/// Watches a download.
pub trait DownloadObserver {
    /// Called on the thread that downloads.
    fn event(&mut self, event: &DownloadEvent<'_>);
}

/// Nobody watches.
impl DownloadObserver for () {
    fn event(&mut self, _: &DownloadEvent<'_>) {}
}

/// Bytes a second, the last seconds counting most.
pub(crate) struct Rate {
    last: Instant,
    bytes: u64,
    rate: f64,
}

impl Rate {
    pub fn new(bytes: u64) -> Self {
        Self { last: Instant::now(), bytes, rate: 0.0 }
    }

    /// A tenth of a second or more after the last one: how far things are now.
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
