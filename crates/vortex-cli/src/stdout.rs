//! Standard output with marked errors: if its reader closes it, the program ends without a message,
//! like other tools. A broken pipe anywhere else is a normal failure.

use std::io::{self, Write};

/// Standard output.
#[derive(Debug)]
pub struct Stdout(io::Stdout);

/// The standard output of the program.
pub fn stdout() -> Stdout {
    Stdout(io::stdout())
}

/// Whether an error means that the reader of our standard output has closed it.
pub fn is_closed(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Closed>())
}

/// The error into which [`Stdout`] wraps a broken pipe.
#[derive(Debug)]
struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the reader of the standard output has closed it")
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
