//! Files of experiments over HTTPS, complete and right or not at all.
//!
//! A [`FileList`] says which files there are, where, how long, and what they must add up to; where
//! it names a record of CERN Open Data, the portal is asked. A [`Downloader`] fetches them:
//!
//! - TLS is always verified, redirects included; nothing turns that off ([`Policy`]).
//! - A file grows as `NAME.part` and gets its name when its bytes are on disk and right. A run that
//!   breaks off goes on where it ended: with `Range`, and `If-Range` where the server gave a
//!   version. A 200 in place of a 206 starts the file again; a 206 that is not the part asked for
//!   is refused, and the file asked for as a whole.
//! - Connections that break, stall or creep and servers that are busy are tried again, with waits
//!   that double and `Retry-After` obeyed ([`Options`]).
//! - Wrong bytes are thrown away, and a file that stays wrong is an error.
//! - The disk is asked for space first; nothing is replaced unless that is wished.
//! - Every file's BLAKE3 is kept in [`LOCK_NAME`]: where a portal publishes no checksum, a later
//!   download must bring the bytes of the first one.

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

pub use checksum::{Checksum, Digests};
pub use downloader::{Downloaded, Downloader};
pub use error::{DownloadError, Result};
pub use experiment::{EXPERIMENTS, Experiment};
pub use list::{CERN_OPEN_DATA, FileEntry, FileList, Listing};
pub use lockfile::{LOCK_NAME, Locked};
pub use options::Options;
pub use policy::Policy;
pub use progress::{DownloadEvent, DownloadObserver, Progress};
