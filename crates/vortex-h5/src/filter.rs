//! The interface that HDF5 calls: two functions of the library, and the filter that they describe.
//!
//! The types are those of `H5Zpublic.h` and `H5PLextern.h`.

use std::ffi::{c_char, c_int, c_uint, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

use vortex_codec::{Error, ErrorKind, Result};

use crate::chunk::{decode, encode, models};
use crate::dataset::complete;
use crate::libraries::Id;
use crate::parameters::Parameters;
use crate::report::report;

/// The number of the filter in files, of the range 256 to 511 that HDF5 leaves for tests.
pub const FILTER_ID: c_int = 437;
/// The name of the filter in files and in messages.
const NAME: &[u8] = b"Vortex lossless compression\0";

/// `H5PL_TYPE_FILTER`.
const FILTER_PLUGIN: c_int = 0;
/// `H5Z_CLASS_T_VERS`.
const CLASS_VERSION: c_int = 1;
/// `H5Z_FLAG_REVERSE`: the filter decodes.
pub(crate) const REVERSE: c_uint = 0x100;

/// `H5Z_class2_t`.
#[repr(C)]
pub struct Class {
    version: c_int,
    id: c_int,
    encoder_present: c_uint,
    decoder_present: c_uint,
    name: *const c_char,
    can_apply: Option<unsafe extern "C" fn(Id, Id, Id) -> c_int>,
    set_local: Option<unsafe extern "C" fn(Id, Id, Id) -> c_int>,
    filter: unsafe extern "C" fn(
        c_uint,
        usize,
        *const c_uint,
        usize,
        *mut usize,
        *mut *mut c_void,
    ) -> usize,
}

// SAFETY: the only pointer is to a constant text.
unsafe impl Sync for Class {}

static CLASS: Class = Class {
    version: CLASS_VERSION,
    id: FILTER_ID,
    encoder_present: 1,
    decoder_present: 1,
    name: NAME.as_ptr().cast(),
    can_apply: None,
    set_local: Some(set_local),
    filter,
};

/// What kind of plugin this is.
// SAFETY: no other library that is linked with this one defines this name.
#[unsafe(no_mangle)]
pub extern "C" fn H5PLget_plugin_type() -> c_int {
    FILTER_PLUGIN
}

/// The description of the filter.
// SAFETY: no other library that is linked with this one defines this name.
#[unsafe(no_mangle)]
pub extern "C" fn H5PLget_plugin_info() -> *const Class {
    &CLASS
}

/// Called when a dataset is created.
unsafe extern "C" fn set_local(properties: Id, of_type: Id, _space: Id) -> c_int {
    match guarded("the filter cannot be used", || complete(properties, of_type)) {
        Some(()) => 1,
        None => -1,
    }
}

/// Codes or decodes the chunk in `*buffer`, which is the C library's, and puts the result in its place.
/// Returns its length, or 0 after a failure, which leaves the chunk as it was.
///
/// # Safety
/// As HDF5 calls it: `values` has `n_values` values, `*buffer` was allocated with `malloc`, has
/// `*buffer_size` bytes and at least `n_bytes`, and nothing else uses them during the call.
pub(crate) unsafe extern "C" fn filter(
    flags: c_uint,
    n_values: usize,
    values: *const c_uint,
    n_bytes: usize,
    buffer_size: *mut usize,
    buffer: *mut *mut c_void,
) -> usize {
    let decodes = flags & REVERSE != 0;
    let what = if decodes { "the chunk cannot be decoded" } else { "the chunk cannot be coded" };
    let run = || {
        // SAFETY: promised by the caller.
        let (values, bytes) =
            unsafe { (slice(values, n_values), slice((*buffer).cast(), n_bytes)) };
        let result = if decodes {
            decode(bytes, Parameters::chunk_bytes_of(values), models())?
        } else {
            encode(&Parameters::from_values(values)?, bytes, models())?
        };
        // SAFETY: promised by the caller; the borrows above have ended.
        unsafe { hand_over(&result, buffer_size, buffer) }?;
        Ok(result.len())
    };
    guarded(what, run).unwrap_or(0)
}

/// The elements at a pointer; none at a null one.
///
/// # Safety
/// Unless the pointer is null, so many elements are there, and nothing changes them for `'a`.
unsafe fn slice<'a, T>(at: *const T, count: usize) -> &'a [T] {
    if at.is_null() || count == 0 {
        return &[];
    }
    // SAFETY: promised by the caller.
    unsafe { std::slice::from_raw_parts(at, count) }
}

/// Replaces what is in the buffer of the host; a new buffer is allocated if it is too small.
///
/// # Safety
/// As [`filter`], and `result` does not lie in the buffer.
unsafe fn hand_over(result: &[u8], size: *mut usize, buffer: *mut *mut c_void) -> Result<()> {
    // SAFETY: promised by the caller; the buffer is freed as it was allocated, by the C library, and only
    // when the new one exists.
    unsafe {
        if *size < result.len() {
            let new = libc::malloc(result.len());
            if new.is_null() {
                let message = format!("there is no memory for {} bytes", result.len());
                return Err(Error::new(ErrorKind::LimitExceeded, message));
            }
            libc::free(*buffer);
            *buffer = new;
            *size = result.len();
        }
        std::ptr::copy_nonoverlapping(result.as_ptr(), (*buffer).cast(), result.len());
    }
    Ok(())
}

/// The result of `work`. If it fails or panics, the reason is reported, and nothing unwinds into the host.
fn guarded<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Option<T> {
    // What a panic may leave half changed is dropped, or guarded by locks that heal.
    let error = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => return Some(value),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the filter panicked; please report this, with the file".to_owned(),
    };
    // If even the report panics, HDF5 still learns of the failure.
    let _ = catch_unwind(|| report(&format!("Vortex: {what}: {error}"), line!()));
    None
}

#[cfg(test)]
mod tests;
