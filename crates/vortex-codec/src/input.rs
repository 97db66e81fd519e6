//! Inputs: files, which other programs may write to while they are read, and streams whose start was
//! read before.

use std::fs::Metadata;
use std::io::{self, Cursor, Read};
use std::path::Path;

use vortex_base::unchanged::Before;

use crate::error::{Error, ErrorKind, Result};

/// Compares a file with `metadata`, which was taken before its first byte was read; `read` is the
/// number of bytes that were read.
///
/// # Errors
/// [`ErrorKind::InputChanged`] if the file was written to, and those of the system.
pub fn check_unchanged(path: &Path, metadata: &Metadata, read: u64) -> Result<()> {
    match Before::of(metadata).change(path, read)? {
        None => Ok(()),
        Some(change) => Err(Error::new(ErrorKind::InputChanged, change)),
    }
}

/// The start of a stream, which was read before. Its memory is free once it was read again.
pub(crate) struct ReadBefore(Cursor<Vec<u8>>);

impl ReadBefore {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(Cursor::new(bytes))
    }
}

impl Read for ReadBefore {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.0.read(out)?;
        if n == 0 && !out.is_empty() {
            self.0 = Cursor::default();
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_comes_first_and_its_memory_is_given_back() {
        let mut start = ReadBefore::new(b"abc".to_vec());
        let mut all = Vec::new();
        (&mut start).chain(&b"def"[..]).read_to_end(&mut all).unwrap();
        assert_eq!(all, b"abcdef");
        assert_eq!(start.0.get_ref().capacity(), 0);
    }
}
