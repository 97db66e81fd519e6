//! A bound on the blocks that are coded at the same time by writers and readers that share it.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::threads;

/// As many blocks as there are threads: a writer, and a reader that checks its output, then use the
/// processors and the memory of one of them.
#[derive(Debug)]
pub struct Permits {
    free: Mutex<usize>,
    returned: Condvar,
}

/// The permission to code one block or group of blocks, until it is dropped.
pub(super) struct Permit(Arc<Permits>);

impl Permits {
    /// Permits for so many threads; 0 is one for each core.
    pub fn new(threads: usize) -> Arc<Self> {
        Arc::new(Self { free: Mutex::new(threads::count(threads)), returned: Condvar::new() })
    }

    /// Waits for a permit.
    pub(super) fn acquire(self: &Arc<Self>) -> Permit {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = self.returned.wait_while(free, |free| *free == 0);
        *wait.unwrap_or_else(PoisonError::into_inner) -= 1;
        Permit(Arc::clone(self))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn never_more_at_once_than_there_are_permits() {
        let permits = Permits::new(2);
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let permit = permits.acquire();
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        now.fetch_sub(1, Ordering::SeqCst);
                        drop(permit);
                    }
                });
            }
        });
        let most = most.load(Ordering::SeqCst);
        assert!((1..=2).contains(&most), "{most} at once");
    }
}
