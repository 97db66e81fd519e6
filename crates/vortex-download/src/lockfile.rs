//! `vortex-download.json`: the digests of the files of a folder at their first download.
//!
//! Portals without checksums may change a file without notice. With the lock file, a second
//! download, on this or another machine, gives the same bytes or an error.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use vortex_base::atomic;

use crate::error::{DownloadError, Result};
use crate::partial::with_suffix;

/// Name of the file in the folder of the downloads.
pub const LOCK_NAME: &str = "vortex-download.json";

const MAX_LOCK_BYTES: u64 = 64 << 20;

/// A file as it was first downloaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    /// Length in bytes.
    pub size: u64,
    /// `blake3:...` of its bytes.
    pub blake3: String,
    /// Its address.
    pub url: String,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    files: BTreeMap<String, Locked>,
}

/// The lock file of a folder.
pub(crate) struct LockFile {
    path: PathBuf,
    document: Document,
}

impl LockFile {
    /// Reads it; a folder without one has an empty one.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(LOCK_NAME);
        let refuse = |message: String| {
            let message = format!("{message}; mend it, or remove it to forget what it holds");
            DownloadError::List { what: path.display().to_string(), message }
        };
        let mut json = Vec::new();
        match File::open(&path) {
            Ok(file) => file.take(MAX_LOCK_BYTES + 1).read_to_end(&mut json),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { path, document: Document { version: 1, ..Document::default() } });
            }
            Err(e) => Err(e),
        }
        .map_err(|e| DownloadError::io(&path, e))?;
        if json.len() as u64 > MAX_LOCK_BYTES {
            return Err(refuse(format!("longer than {MAX_LOCK_BYTES} bytes")));
        }
        let document: Document =
            serde_json::from_slice(&json).map_err(|e| refuse(e.to_string()))?;
        if document.version != 1 {
            return Err(refuse(format!("version {}; known: 1", document.version)));
        }
        Ok(Self { path, document })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The entry of `name`.
    pub fn get(&self, name: &str) -> Option<&Locked> {
        self.document.files.get(name)
    }

    /// Stores the entry of `name`.
    pub fn set(&mut self, name: &str, locked: Locked) -> Result<()> {
        if self.get(name) == Some(&locked) {
            return Ok(());
        }
        self.document.files.insert(name.to_owned(), locked);
        let json = serde_json::to_vec_pretty(&self.document)
            .expect("strings and numbers have a JSON form");
        atomic::write(&self.path, &with_suffix(&self.path, ".part"), &json)
            .map_err(|e| DownloadError::io(&self.path, e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers() {
        let folder = tempfile::tempdir().unwrap();
        let mut lock = LockFile::open(folder.path()).unwrap();
        assert_eq!(lock.get("a"), None);
        let locked = Locked { size: 3, blake3: "blake3:00".into(), url: "https://h/a".into() };
        lock.set("a", locked.clone()).unwrap();
        assert_eq!(LockFile::open(folder.path()).unwrap().get("a"), Some(&locked));
    }

    #[test]
    fn documents_that_are_none() {
        let folder = tempfile::tempdir().unwrap();
        for bad in ["", "{", "{\"version\": 2, \"files\": {}}", "{\"version\": 1}", "[]"] {
            std::fs::write(folder.path().join(LOCK_NAME), bad).unwrap();
            let error = LockFile::open(folder.path()).err().unwrap().to_string();
            assert!(error.contains(LOCK_NAME) && error.contains("remove it"), "{error}");
        }
    }
}
