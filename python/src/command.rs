//! The command `vortex` of the wheel.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs a command line, whose first word is the name of the program, and returns its exit status.
/// The signals of the process are handled by the command from now on.
#[pyfunction]
pub fn run_command(py: Python<'_>, words: Vec<OsString>) -> u8 {
    py.detach(|| vortex_cli::run(words))
}
