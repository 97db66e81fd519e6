//! How failures reach the user: one line that says where, what, and what to do next.

use std::io;
use std::path::Path;

use anyhow::Error;

/// What ended a command.
#[derive(Debug)]
pub enum Failure {
    /// Messages were printed already, one for each file that failed.
    Reported,
    /// Nobody reads our standard output any more: no message, as with other tools.
    BrokenPipe,
    /// Stopped by the user, who was told.
    Interrupted,
    /// To be printed.
    Error(Error),
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        if is_broken_pipe(&error) { Self::BrokenPipe } else { Self::Error(error) }
    }
}

/// Whether the reader of our output went away.
pub fn is_broken_pipe(error: &Error) -> bool {
    io_kind(error) == Some(io::ErrorKind::BrokenPipe)
}

fn io_kind(error: &Error) -> Option<io::ErrorKind> {
    error.chain().find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind)
}

/// What the user can do about the failures that come from the machine and not from the file.
fn advice(error: &Error) -> Option<&'static str> {
    match io_kind(error)? {
        io::ErrorKind::NotFound => Some("check the name"),
        io::ErrorKind::PermissionDenied => Some("check the permissions"),
        io::ErrorKind::StorageFull => Some("free some space or write elsewhere with -o"),
        io::ErrorKind::QuotaExceeded => Some("free some of your quota or write elsewhere with -o"),
        io::ErrorKind::ReadOnlyFilesystem => Some("write elsewhere with -o"),
        io::ErrorKind::FileTooLarge => Some("this file system holds no file that large"),
        _ => None,
    }
}

/// One line: the chain of causes, each once, and what to do next.
pub fn describe(error: &Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        // Errors that wrap others often repeat them in their own text.
        if line.contains(cause.trim()) {
            continue;
        }
        if !line.is_empty() {
            line.push_str(": ");
        }
        line.push_str(cause.trim());
    }
    if let Some(advice) = advice(error)
        && !line.contains(';')
    {
        line.push_str("; ");
        line.push_str(advice);
    }
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Prints what happened to `path`.
pub fn report(path: &Path, error: &Error) {
    let name = if path == Path::new("-") { "(stdin)".into() } else { path.display().to_string() };
    let line = describe(error);
    // Errors of files often begin with the name themselves.
    let line = line.strip_prefix(&format!("{name}: ")).unwrap_or(&line);
    eprintln!("vortex: {name}: {line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn one_line_with_cause_and_advice() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let error = Err::<(), _>(full).context("cannot be\nwritten").unwrap_err();
        let line = describe(&error);
        assert_eq!(
            line,
            "cannot be written: no storage space; free some space or write elsewhere with -o"
        );
    }

    #[test]
    fn broken_pipe_is_found_under_context() {
        let error = Error::new(io::Error::from(io::ErrorKind::BrokenPipe)).context("writing");
        assert!(is_broken_pipe(&error));
        assert!(matches!(Failure::from(error), Failure::BrokenPipe));
    }
}
