//! An optional pool of workers.

use crate::error::{Error, Result};

/// Chunks in flight for each worker, so that none waits for the slowest.
const CHUNKS_PER_WORKER: usize = 2;

/// The threads that process chunks.
pub(crate) struct Threads(Option<rayon::ThreadPool>);

impl Threads {
    /// `n` workers, one for each core with 0, and the caller's thread with 1.
    pub(crate) fn new(n: usize) -> Result<Self> {
        if n == 1 {
            return Ok(Self(None));
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build();
        let pool = pool.map_err(|e| {
            Error::invalid_argument(format!("{n} threads cannot be started: {e}; ask for fewer"))
        })?;
        Ok(Self(Some(pool)))
    }

    /// Number of chunks to process at once.
    pub(crate) fn in_flight(&self) -> usize {
        self.0.as_ref().map_or(1, |pool| pool.current_num_threads() * CHUNKS_PER_WORKER)
    }

    /// Runs `work` in the pool.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.0 {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}
