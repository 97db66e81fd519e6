//! The meaning of a number of threads in all crates: 0 is one per core. And how a thread learns that
//! its work is no longer wanted.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, ErrorKind, Result};

/// Largest number of threads; more threads would only use memory.
pub const MAX_THREADS: usize = 1024;

/// The number of threads for the setting `asked`: at least one, at most [`MAX_THREADS`].
pub fn count(asked: usize) -> usize {
    match asked {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n.min(MAX_THREADS),
    }
}

thread_local! {
    static STOP: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// From now on, [`check_stop`] of this thread depends on this flag.
#[cfg(any(feature = "container", test))]
pub(crate) fn stop_on(flag: Option<Arc<AtomicBool>>) {
    STOP.with(|stop| *stop.borrow_mut() = flag);
}

/// For loops that run for seconds without an end that their caller can see.
///
/// # Errors
/// [`ErrorKind::Cancelled`] if the flag of this thread is set.
pub(crate) fn check_stop() -> Result<()> {
    STOP.with(|stop| check_cancel(stop.borrow().as_deref()))
}

/// # Errors
/// [`ErrorKind::Cancelled`] if the flag is set.
pub(crate) fn check_cancel(flag: Option<&AtomicBool>) -> Result<()> {
    if flag.is_some_and(|flag| flag.load(Ordering::Relaxed)) {
        return Err(Error::new(ErrorKind::Cancelled, "stopped on request"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_stops_on_its_own_flag() {
        let flag = Arc::new(AtomicBool::new(false));
        stop_on(Some(Arc::clone(&flag)));
        assert!(check_stop().is_ok());
        flag.store(true, Ordering::Relaxed);
        assert_eq!(check_stop().unwrap_err().kind, ErrorKind::Cancelled);
        assert!(std::thread::spawn(check_stop).join().unwrap().is_ok());
        stop_on(None);
        assert!(check_stop().is_ok());
    }

    #[test]
    fn none_is_all_cores_and_absurd_numbers_are_cut() {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        assert_eq!([0, 1, 7, usize::MAX].map(count), [cores, 1, 7, MAX_THREADS]);
    }
}
