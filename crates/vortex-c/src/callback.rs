//! Functions of the caller as outputs and inputs.

use std::ffi::{c_int, c_void};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use crate::code::{Failure, vortex_code};

/// Takes `n` bytes of output, all of them. It returns 0; anything else stops the work, which then
/// fails with VORTEX_CALLBACK. It must not use the object that calls it, nor jump out.
pub type vortex_write =
    Option<unsafe extern "C" fn(user: *mut c_void, bytes: *const c_void, n: usize) -> c_int>;

/// Puts up to `capacity` bytes of input at `bytes`, and their number, 0 at the end of the input,
/// into *n. It returns 0; anything else stops the work, which then fails with VORTEX_CALLBACK. It
/// must not use the object that calls it, nor jump out.
pub type vortex_read = Option<
    unsafe extern "C" fn(
        user: *mut c_void,
        bytes: *mut c_void,
        capacity: usize,
        n: *mut usize,
    ) -> c_int,
>;

/// What a callback returned when it failed; 0 if it has not.
#[derive(Clone, Default)]
pub struct Returned(Arc<AtomicI32>);

impl Returned {
    /// The failure of a call that may come from the callback.
    pub fn explain(&self, failure: impl Into<Failure>) -> Failure {
        match self.0.load(Ordering::Relaxed) {
            0 => failure.into(),
            value => {
                let message = format!("the callback returned {value}, not 0");
                Failure::new(vortex_code::VORTEX_CALLBACK, message)
            }
        }
    }

    fn check(&self, value: c_int) -> io::Result<()> {
        if value == 0 {
            return Ok(());
        }
        self.0.store(value, Ordering::Relaxed);
        Err(io::Error::other("a callback failed"))
    }
}

/// An output of the caller.
pub struct Output {
    write: unsafe extern "C" fn(*mut c_void, *const c_void, usize) -> c_int,
    user: *mut c_void,
    returned: Returned,
}

impl Output {
    /// # Safety
    /// `write` may be called with `user` as long as the output lives.
    pub unsafe fn new(
        write: vortex_write,
        user: *mut c_void,
        returned: Returned,
    ) -> Result<Self, Failure> {
        let write = write.ok_or_else(|| Failure::argument("write is NULL"))?;
        Ok(Self { write, user, returned })
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !bytes.is_empty() {
            // SAFETY: the contract of `new`; the bytes are readable.
            let value = unsafe { (self.write)(self.user, bytes.as_ptr().cast(), bytes.len()) };
            self.returned.check(value)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An input of the caller.
pub struct Input {
    read: unsafe extern "C" fn(*mut c_void, *mut c_void, usize, *mut usize) -> c_int,
    user: *mut c_void,
    returned: Returned,
}

impl Input {
    /// # Safety
    /// `read` may be called with `user` as long as the input lives.
    pub unsafe fn new(
        read: vortex_read,
        user: *mut c_void,
        returned: Returned,
    ) -> Result<Self, Failure> {
        let read = read.ok_or_else(|| Failure::argument("read is NULL"))?;
        Ok(Self { read, user, returned })
    }
}

impl Read for Input {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let mut n = 0;
        // SAFETY: the contract of `new`; the bytes are writable.
        let value =
            unsafe { (self.read)(self.user, out.as_mut_ptr().cast(), out.len(), &raw mut n) };
        self.returned.check(value)?;
        if n > out.len() {
            let most = out.len();
            let message = format!("the callback says it read {n} bytes into {most}");
            return Err(io::Error::other(message));
        }
        Ok(n)
    }
}
