//! The reason of a failure, for the user: HDF5 itself only knows that a filter failed.

use std::ffi::CString;

use crate::host::error_stacks;

/// Puts the reason on the error stack of HDF5, from where programs print it or make exceptions of it;
/// where there is none to be found, it writes a line to the standard error output.
pub(crate) fn report(message: &str, line: u32) {
    let text = CString::new(message.replace('\0', " ")).unwrap_or_default();
    let pushed = error_stacks().iter().filter(|stack| stack.push(&text, line)).count();
    if pushed == 0 {
        eprintln!("{message}");
    }
}
