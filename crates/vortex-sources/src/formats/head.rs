//! The properties of a file before it is opened: its first bytes and its name.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::error::{Error, Result};

/// Largest number of first bytes that identify a format.
const HEAD_BYTES: u64 = 16;

/// The first bytes and the name of a file.
pub(super) struct Head<'a> {
    path: &'a Path,
    start: Vec<u8>,
}

impl<'a> Head<'a> {
    pub(super) fn of(path: &'a Path) -> Result<Self> {
        let mut start = Vec::new();
        File::open(path)
            .and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut start))
            .map_err(|e| Error::io(path, e))?;
        Ok(Self { path, start })
    }

    #[cfg(feature = "arrow")]
    pub(super) fn path(&self) -> &Path {
        self.path
    }

    pub(super) fn begins(&self, magic: &[u8]) -> bool {
        self.start.starts_with(magic)
    }

    /// Whether the name ends in one of these; case does not matter.
    pub(super) fn is_named(&self, extensions: &[&str]) -> bool {
        let extension = self.path.extension().unwrap_or_default();
        extensions.iter().any(|known| extension.eq_ignore_ascii_case(known))
    }

    /// Whether `magic` is at byte 512, 1024, 2048 ..., after a user block.
    pub(super) fn has_behind_a_block(&self, magic: &[u8]) -> Result<bool> {
        let io = |e| Error::io(self.path, e);
        let mut file = File::open(self.path).map_err(io)?;
        let len = file.metadata().map_err(io)?.len();
        let mut found = vec![0; magic.len()];
        let mut at = 512;
        while at < len {
            file.seek(SeekFrom::Start(at)).map_err(io)?;
            if file.read_exact(&mut found).is_ok() && found == magic {
                return Ok(true);
            }
            at *= 2;
        }
        Ok(false)
    }
}
