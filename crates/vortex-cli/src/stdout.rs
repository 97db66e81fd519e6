//! Standard output, whose errors say that they are its own: a reader that goes away ends the program
//! quietly, as it does other tools, while a pipe that breaks anywhere else is a failure like any.

use std::io::{self, Write};

/// Standard output.
#[derive(Debug)]
pub struct Stdout(io::Stdout);

/// The standard output of the program.
pub fn stdout() -> Stdout {
    Stdout(io::stdout())
}

/// Whether an error is that of a reader of our standard output that went away.
pub fn is_closed(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Closed>())
}

/// What [`Stdout`] wraps a broken pipe in.
#[derive(Debug)]
struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nobody reads the standard output any more")
    }
}

impl std::error::Error for Closed {}

fn marked(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => io::Error::new(io::ErrorKind::BrokenPipe, Closed),
        _ => error,
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(marked)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(marked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_broken_pipes_are_marked() {
        let broken = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(!is_closed(&broken()));
        assert!(is_closed(&marked(broken())));
        assert_eq!(marked(broken()).kind(), io::ErrorKind::BrokenPipe);
        assert!(!is_closed(&marked(io::Error::from(io::ErrorKind::StorageFull))));
    }
}
