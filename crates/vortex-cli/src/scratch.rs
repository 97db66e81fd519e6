//! Temporary folders.

use std::path::Path;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::interrupt;

/// A temporary folder that goes when it is dropped, and on Ctrl-C.
pub struct Scratch(Option<TempDir>);

impl Scratch {
    /// Makes one in `folder`.
    pub fn new(folder: &Path) -> Result<Self> {
        let made = interrupt::create(|| {
            let made = tempfile::Builder::new().prefix(".vortex.").tempdir_in(folder)?;
            let path = made.path().to_owned();
            Ok((made, path))
        });
        let made =
            made.with_context(|| format!("cannot write in the folder {}", folder.display()))?;
        Ok(Self(Some(made)))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.as_ref().map_or(Path::new("."), TempDir::path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(made) = self.0.take() {
            let path = made.path().to_owned();
            interrupt::finish(&path, || drop(made));
        }
    }
}
