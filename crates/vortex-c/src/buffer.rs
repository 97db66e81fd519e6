//! The buffer of the caller that takes a result.

use std::ffi::c_void;
use std::io::{self, Write};

use crate::call::null;
use crate::code::{Failure, vortex_code};

/// A buffer of a known capacity. Bytes that do not fit are counted and dropped.
pub struct Buffer {
    start: *mut u8,
    capacity: usize,
    /// Bytes written so far, those that did not fit included.
    wanted: u64,
    /// Whether the first byte that does not fit is an error, or the bytes are only counted.
    stops: bool,
}

impl Buffer {
    /// # Safety
    /// `start` is null or points to `capacity` writable bytes, possibly uninitialised, that nobody
    /// else uses as long as the buffer lives.
    pub unsafe fn new(start: *mut c_void, capacity: usize, name: &str) -> Result<Self, Failure> {
        if start.is_null() && capacity > 0 {
            return Err(null(name));
        }
        if capacity > isize::MAX.unsigned_abs() {
            return Err(Failure::argument(format!("{name}: a capacity of {capacity} bytes")));
        }
        Ok(Self { start: start.cast(), capacity, wanted: 0, stops: false })
    }

    /// From now on, a byte that does not fit is an error.
    pub fn stop_when_full(&mut self) {
        self.stops = true;
    }

    /// Whether bytes did not fit.
    pub fn overflowed(&self) -> bool {
        self.wanted > self.capacity as u64
    }

    /// The number of bytes in it.
    ///
    /// # Errors
    /// If there were more than fit.
    pub fn len(&self) -> Result<usize, Failure> {
        match self.overflowed() {
            false => Ok(self.filled()),
            true => Err(too_small(self.wanted, self.capacity)),
        }
    }

    pub fn capacity(&self) -> usize {
        self.capacity
    }

    fn filled(&self) -> usize {
        usize::try_from(self.wanted).unwrap_or(usize::MAX).min(self.capacity)
    }
}

/// The failure of a result that does not fit.
pub fn too_small(wanted: u64, capacity: usize) -> Failure {
    let message = format!("the result has {wanted} bytes; the buffer has room for {capacity}");
    Failure::new(vortex_code::VORTEX_BUFFER_TOO_SMALL, message)
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let at = self.filled();
        let n = bytes.len().min(self.capacity - at);
        if n > 0 {
            // SAFETY: `at + n` is at most the capacity, and the caller's buffer does not overlap
            // with memory of this library or with inputs.
            unsafe { self.start.add(at).copy_from_nonoverlapping(bytes.as_ptr(), n) };
        }
        self.wanted += bytes.len() as u64;
        match self.stops && n < bytes.len() {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
