#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub use checksum::{Checksum, Digests};
pub use downloader::{Downloaded, Downloader};
pub use error::{DownloadError, Result};
pub use experiment::{EXPERIMENTS, Experiment};
pub use list::{CERN_OPEN_DATA, FileEntry, FileList, Listing};
pub use lockfile::{LOCK_NAME, Locked};
pub use options::Options;
pub use policy::Policy;
pub use progress::{DownloadEvent, DownloadObserver, Progress};

mod attempt;
mod attempts;
mod checksum;
mod downloader;
mod error;
mod experiment;
mod fault;
mod list;
mod lockfile;
mod options;
mod partial;
mod policy;
pub mod portal;
mod progress;
mod range;
mod retry;
mod space;
mod transport;
