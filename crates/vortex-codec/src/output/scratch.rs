//! Temporary folders.

use std::path::Path;

use tempfile::TempDir;

use super::temporary;
use crate::error::{Error, Result};

/// A temporary folder that is removed when it is dropped.
#[derive(Debug)]
pub struct Scratch(Option<TempDir>);

impl Scratch {
    /// Creates a temporary folder in `folder`.
    ///
    /// # Errors
    /// Those of the system.
    pub fn new(folder: &Path) -> Result<Self> {
        let made = temporary::create(|| {
            let made = tempfile::Builder::new().prefix(".vortex.").tempdir_in(folder)?;
            let path = made.path().to_owned();
            Ok((made, path))
        });
        made.map(|made| Self(Some(made))).map_err(|error| {
            Error::from(error)
                .context(format_args!("cannot write in the folder {}", folder.display()))
        })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.0.as_ref().map(TempDir::path).expect("only `drop` takes the folder")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(made) = self.0.take() {
            let path = made.path().to_owned();
            temporary::finish(&path, || drop(made));
        }
    }
}
