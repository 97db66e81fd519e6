//! Which library it is.

use std::ffi::{CStr, c_char};

/// The version of the library, such as "0.1.0".
#[unsafe(no_mangle)]
pub extern "C" fn vortex_version() -> *const c_char {
    const VERSION: &CStr =
        match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(text) => text,
            Err(_) => c"",
        };
    VERSION.as_ptr()
}
