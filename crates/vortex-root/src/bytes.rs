//! The bytes of a file by position: nothing is mapped, and one handle serves all threads.

use std::fs::File;
use std::path::Path;

use crate::error::{Fault, Outcome, RootError};
use vortex_base::position::read_exact_at;

#[derive(Debug)]
pub(crate) struct FileBytes {
    source: Source,
    len: u64,
}

#[derive(Debug)]
enum Source {
    File(File),
    Memory(Vec<u8>),
}

impl FileBytes {
    pub(crate) fn open(path: &Path) -> Result<Self, RootError> {
        let file = File::open(path).map_err(|e| RootError::io(path, e))?;
        let metadata = file.metadata().map_err(|e| RootError::io(path, e))?;
        if !metadata.is_file() {
            let e = std::io::Error::other("not a regular file; ROOT files are read by position");
            return Err(RootError::io(path, e));
        }
        Ok(Self { source: Source::File(file), len: metadata.len() })
    }

    pub(crate) fn memory(bytes: Vec<u8>) -> Self {
        let len = bytes.len() as u64;
        Self { source: Source::Memory(bytes), len }
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Replaces `out` with the `n` bytes at `offset`; no memory is allocated for bytes that the
    /// file does not have.
    pub(crate) fn read(&self, offset: u64, n: usize, out: &mut Vec<u8>) -> Outcome<()> {
        let end = offset.checked_add(n as u64).filter(|end| *end <= self.len);
        let Some(end) = end else {
            let message = format!(
                "{n} bytes at {offset} asked for, but the file has {}; it is damaged or truncated",
                self.len
            );
            return Err(Fault::corrupt(message).at(offset));
        };
        match &self.source {
            Source::File(file) => {
                // Old bytes are overwritten.
                out.resize(n, 0);
                read_exact_at(file, out, offset).map_err(|e| Fault::from(e).at(offset))
            }
            Source::Memory(bytes) => {
                out.clear();
                // Both ends are inside a vector, so both fit in a usize.
                out.extend_from_slice(&bytes[offset as usize..end as usize]);
                Ok(())
            }
        }
    }

    /// The bytes at `offset`: `n`, or fewer at the end of the file.
    pub(crate) fn read_up_to(&self, offset: u64, n: usize, out: &mut Vec<u8>) -> Outcome<()> {
        let left = self.len.saturating_sub(offset);
        let n = usize::try_from(left).map_or(n, |left| n.min(left));
        self.read(offset.min(self.len), n, out)
    }
}
