//! Limits of a download: times, sizes, attempts.

use std::time::Duration;

/// Limits of a download. The defaults suit large files from portals.
#[derive(Clone, Debug)]
pub struct Options {
    /// Time to find a host and to connect.
    pub connect_timeout: Duration,
    /// Time from the request to the head of the answer. Portals may first have to fetch a file from
    /// another place.
    pub answer_timeout: Duration,
    /// If no byte arrives for this time, the connection is closed.
    pub stall_timeout: Duration,
    /// Time for a portal's list, from its first byte to its last.
    pub list_timeout: Duration,
    /// Minimum rate in bytes per second over a whole `stall_timeout`; slower connections are
    /// closed.
    pub min_rate: u64,
    /// Attempts in a row without a byte.
    pub max_idle_attempts: u32,
    /// Attempts in a row in which the host cannot be reached.
    pub max_unreachable_attempts: u32,
    /// Total attempts per file.
    pub max_attempts: u32,
    /// Times that a file may arrive with wrong bytes.
    pub max_wrong: u32,
    /// First wait between attempts; it doubles.
    pub first_wait: Duration,
    /// Longest wait that the program chooses.
    pub max_wait: Duration,
    /// Longest wait that a server may ask for.
    pub max_retry_after: Duration,
    /// Redirects followed.
    pub max_redirects: u32,
    /// Largest file whose size is not known in advance, in bytes.
    pub max_file_bytes: u64,
    /// Bytes of a portal's list.
    pub max_list_bytes: u64,
    /// Seed of the random part of the waits.
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

/// A seed that differs for each process.
fn seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = now.map_or(0, |d| d.as_nanos() as u64);
    nanos ^ (u64::from(std::process::id()) << 32)
}
