//! Errors of the library as Python exceptions.

use std::error::Error as StdError;
use std::io;

use pyo3::prelude::*;
use vortex_codec::{Error, ErrorKind};

/// The exception for an error: the one that a Python object raised while the library called it, or
/// the class of `vortex_codec.errors` for its kind.
pub fn to_python(py: Python<'_>, error: &Error) -> PyErr {
    if let Some(raised) = raised_in_python(error) {
        return raised.clone_ref(py);
    }
    let kind = match error.kind() {
        ErrorKind::Io(io::ErrorKind::NotFound) => "FileNotFound".into(),
        ErrorKind::Io(_) => "Io".into(),
        kind => format!("{kind:?}"),
    };
    of_kind(py, &kind, &message(error))
}

/// The exception for a kind of error.
pub fn of_kind(py: Python<'_>, kind: &str, message: &str) -> PyErr {
    let made = || {
        let of_kind = py.import("vortex_codec.errors")?.getattr("of_kind")?;
        of_kind.call1((kind, message))
    };
    made().map_or_else(|error| error, PyErr::from_value)
}

/// The message and those causes that it does not repeat.
fn message(error: &Error) -> String {
    let mut line = error.message().to_owned();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !line.contains(text.trim()) {
            line = format!("{line}: {}", text.trim());
        }
        next = cause.source();
    }
    line
}

fn raised_in_python(error: &Error) -> Option<&PyErr> {
    let mut next = error.source();
    while let Some(cause) = next {
        let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let inner = inner.and_then(|inner| inner.downcast_ref::<PyErr>());
        if let Some(raised) = inner.or_else(|| cause.downcast_ref::<PyErr>()) {
            return Some(raised);
        }
        next = cause.source();
    }
    None
}
