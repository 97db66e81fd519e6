//! What every call does: pointers become references, and panics become errors.

use std::ffi::{CStr, c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::code::{Failure, report, vortex_code, vortex_error};

/// Runs the work of a call. A panic does not reach the caller, which could not handle it.
///
/// # Safety
/// As [`report`].
pub unsafe fn run(
    error: *mut vortex_error,
    work: impl FnOnce() -> Result<(), Failure>,
) -> vortex_code {
    // After a panic the caller may only free the objects of the call.
    let outcome = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        let message = format!("a fault of libvortex, please report it: {text}");
        Err(Failure::new(vortex_code::VORTEX_INTERNAL, message))
    });
    // SAFETY: the contract of this function.
    unsafe { report(error, outcome) }
}

/// The object behind a pointer.
///
/// # Safety
/// `pointer` is null or points to a live object that no other thread changes.
pub unsafe fn shared<'a, T>(pointer: *const T, name: &str) -> Result<&'a T, Failure> {
    // SAFETY: the contract of this function.
    unsafe { pointer.as_ref() }.ok_or_else(|| null(name))
}

/// The object behind a pointer, to change it.
///
/// # Safety
/// `pointer` is null or points to a live object that nobody else uses now.
pub unsafe fn unique<'a, T>(pointer: *mut T, name: &str) -> Result<&'a mut T, Failure> {
    // SAFETY: the contract of this function.
    unsafe { pointer.as_mut() }.ok_or_else(|| null(name))
}

/// The `n` values at a pointer; none if it is null and `n` is 0.
///
/// # Safety
/// `pointer` is null or points to `n` initialised values that live and stay unchanged for `'a`.
pub unsafe fn slice<'a, T>(pointer: *const T, n: usize, name: &str) -> Result<&'a [T], Failure> {
    if n == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() {
        return Err(null(name));
    }
    if n.checked_mul(size_of::<T>()).is_none_or(|bytes| bytes > isize::MAX.unsigned_abs()) {
        return Err(Failure::argument(format!("{name}: {n} elements do not fit in memory")));
    }
    // SAFETY: not null, not longer than any object, and the contract of this function.
    Ok(unsafe { std::slice::from_raw_parts(pointer, n) })
}

/// The `n` bytes at a pointer.
///
/// # Safety
/// As [`slice`].
pub unsafe fn bytes<'a>(pointer: *const c_void, n: usize, name: &str) -> Result<&'a [u8], Failure> {
    // SAFETY: the contract of this function.
    unsafe { slice(pointer.cast(), n, name) }
}

/// The text at a pointer.
///
/// # Safety
/// `pointer` is null or points to bytes that end with 0 and live for `'a`.
pub unsafe fn text<'a>(pointer: *const c_char, name: &str) -> Result<&'a str, Failure> {
    if pointer.is_null() {
        return Err(null(name));
    }
    // SAFETY: not null, and the contract of this function.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|error| {
        Failure::argument(format!("{name}: byte {} is not UTF-8", error.valid_up_to()))
    })
}

/// Where a call puts a result. It is set to `empty` at once, so that it is known after a failure.
pub struct Slot<T>(*mut T);

impl<T> Slot<T> {
    /// # Safety
    /// `pointer` is null or points to memory of the caller for a `T`, possibly uninitialised, that
    /// stays valid during the call.
    pub unsafe fn new(pointer: *mut T, name: &str, empty: T) -> Result<Self, Failure> {
        if pointer.is_null() {
            return Err(null(name));
        }
        let mut slot = Self(pointer);
        slot.set(empty);
        Ok(slot)
    }

    /// Puts the result there.
    pub fn set(&mut self, value: T) {
        // SAFETY: the contract of `new`.
        unsafe { self.0.write(value) };
    }
}

/// What the header says of threads.
const _: () = {
    const fn shared_by_threads<T: Send + Sync>() {}
    shared_by_threads::<crate::compressor::vortex_compressor>();
    shared_by_threads::<crate::decompressor::vortex_decompressor>();
    shared_by_threads::<crate::model::vortex_model>();
};

/// Gives an object to the caller, who frees it with [`free`].
pub fn give<T>(object: T) -> *mut T {
    Box::into_raw(Box::new(object))
}

/// Frees an object of [`give`].
///
/// # Safety
/// `object` is null or comes from [`give`] and is not used any more.
pub unsafe fn free<T>(object: *mut T) {
    if !object.is_null() {
        // SAFETY: it was made by `give`, and is freed once.
        let object = unsafe { Box::from_raw(object) };
        // Threads that end with it may have panicked.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(object)));
    }
}

pub fn null(name: &str) -> Failure {
    Failure::argument(format!("{name} is NULL"))
}
