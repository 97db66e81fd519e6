//! Limits of a download: times, sizes, attempts.

use std::time::Duration;

/// Limits of a download. The defaults suit large files from portals.
#[derive(Clone, Debug)]
pub struct Options {
    /// To find a host and to connect.
    pub connect_timeout: Duration,
    /// From the question to the head of the answer. Portals may fetch a file from afar first.
    pub answer_timeout: Duration,
    /// Without a byte for so long, a connection is given up.
    pub stall_timeout: Duration,
    /// For a portal's list, from its first byte to its last.
    pub list_timeout: Duration,
    /// Slower than so many bytes a second over a whole `stall_timeout`, it is too.
    pub min_rate: u64,
    /// Attempts in a row that bring no byte.
    pub max_idle_attempts: u32,
    /// Attempts in a row in which the host cannot be reached.
    pub max_unreachable_attempts: u32,
    /// Attempts at one file in all.
    pub max_attempts: u32,
    /// Times that a file may arrive with wrong bytes.
    pub max_wrong: u32,
    /// First wait between attempts; it doubles.
    pub first_wait: Duration,
    /// Longest wait of our own choice.
    pub max_wait: Duration,
    /// Longest wait that a server may ask for.
    pub max_retry_after: Duration,
    /// Redirects followed.
    pub max_redirects: u32,
    /// Bytes of a file whose size nobody knows beforehand.
    pub max_file_bytes: u64,
    /// Bytes of a portal's list.
    pub max_list_bytes: u64,
    /// Of the random part of the waits.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connect_timeout: seconds(30),
            answer_timeout: seconds(120),
            stall_timeout: seconds(60),
            list_timeout: seconds(600),
            min_rate: 256,
            max_idle_attempts: 8,
            max_unreachable_attempts: 3,
            max_attempts: 1000,
            max_wrong: 3,
            first_wait: seconds(1),
            max_wait: seconds(60),
            max_retry_after: seconds(600),
            max_redirects: 10,
            max_file_bytes: 1 << 40,
            max_list_bytes: 64 << 20,
            seed: seed(),
        }
    }
}

/// Another one for each process.
fn seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = now.map_or(0, |d| d.as_nanos() as u64);
    nanos ^ (u64::from(std::process::id()) << 32)
}
