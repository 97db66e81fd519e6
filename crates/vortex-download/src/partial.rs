//! An incomplete file: `NAME.part`, and `NAME.part.json` with its origin.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use vortex_base::atomic;
use vortex_base::locked::LockedFile;

use crate::checksum::{Checksum, Digests, Hasher};
use crate::error::{DownloadError, Result};
use crate::space;

/// Longest origin file that is read.
const MAX_ORIGIN_BYTES: u64 = 1 << 16;

/// The origin of the bytes of an incomplete file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// The address.
    pub url: String,
    /// `ETag` or `Last-Modified`.
    pub version: Option<String>,
    /// Length of the whole file.
    pub size: Option<u64>,
}

/// An incomplete file, which is locked while it is open.
pub(crate) struct Partial {
    file: LockedFile,
    path: PathBuf,
    listed: Option<Checksum>,
    hasher: Hasher,
    len: u64,
    origin: Origin,
}

impl Partial {
    /// Opens `final_path.part`, with the bytes of an earlier run.
    ///
    /// # Errors
    /// [`DownloadError::Busy`] when another process writes it, [`DownloadError::Io`].
    pub fn open(final_path: &Path, listed: Option<Checksum>) -> Result<Self> {
        let path = with_suffix(final_path, ".part");
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(|e| DownloadError::io(&path, e))?;
        let Some(file) = LockedFile::try_new(file).map_err(|e| DownloadError::io(&path, e))? else {
            return Err(DownloadError::Busy { path });
        };
        let origin = read_origin(&with_suffix(&path, ".json")).unwrap_or_default();
        let hasher = Hasher::new(listed.as_ref());
        let mut partial = Self { file, path, listed, hasher, len: 0, origin };
        let mut hasher = Hasher::new(listed.as_ref());
        partial.len = hasher.read(&mut *partial.file).map_err(|e| partial.error(e))?;
        partial.hasher = hasher;
        // Bytes that cannot be verified later are not continued.
        if listed.is_none() && partial.origin.version.is_none() {
            partial.restart()?;
        }
        Ok(partial)
    }

    /// Number of bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Their origin.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether bytes of `url` may follow the existing ones.
    pub fn goes_on_from(&self, url: &str) -> bool {
        self.len > 0 && (self.listed.is_some() || self.origin.url == url)
    }

    /// Stores the origin of the bytes; this is done before the first byte is written.
    pub fn set_origin(&mut self, origin: Origin) -> Result<()> {
        if self.origin != origin {
            let path = with_suffix(&self.path, ".json");
            let json = serde_json::to_vec(&origin).expect("strings and numbers have a JSON form");
            std::fs::write(&path, json).map_err(|e| DownloadError::io(&path, e))?;
            self.origin = origin;
        }
        Ok(())
    }

    /// Appends bytes.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|e| self.error(e))?;
        self.hasher.update(bytes);
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Removes the bytes.
    pub fn restart(&mut self) -> Result<()> {
        self.file.set_len(0).map_err(|e| self.error(e))?;
        self.file.seek(SeekFrom::Start(0)).map_err(|e| self.error(e))?;
        self.hasher = Hasher::new(self.listed.as_ref());
        self.len = 0;
        self.origin = Origin::default();
        Ok(())
    }

    /// Refuses a file of `total` bytes that the disk cannot hold.
    pub fn check_space(&self, total: u64) -> Result<()> {
        let folder = atomic::folder_of(&self.path);
        space::check(folder, total.saturating_sub(self.len), space::available(folder))
    }

    /// Digests of the existing bytes.
    pub fn digests(&self) -> Digests {
        self.hasher.finish()
    }

    /// Syncs the received bytes to the disk.
    pub fn sync(&self) -> Result<()> {
        self.file.sync_data().map_err(|e| self.error(e))
    }

    /// Renames the file in one step, after its bytes are on disk.
    pub fn finish(self, final_path: &Path) -> Result<()> {
        atomic::rename(&self.file, &self.path, final_path)
            .map_err(|e| DownloadError::io(final_path, e))?;
        let _ = std::fs::remove_file(with_suffix(&self.path, ".json"));
        Ok(())
    }

    /// Removes the file.
    pub fn discard(self) {
        let _ = std::fs::remove_file(&self.path);
        let _ = std::fs::remove_file(with_suffix(&self.path, ".json"));
    }

    fn error(&self, source: io::Error) -> DownloadError {
        DownloadError::io(&self.path, source)
    }
}

/// Bytes that an earlier run left of `final_path`.
pub(crate) fn left_of(final_path: &Path) -> u64 {
    std::fs::metadata(with_suffix(final_path, ".part")).map_or(0, |m| m.len())
}

fn read_origin(path: &Path) -> Option<Origin> {
    let mut json = Vec::new();
    File::open(path).ok()?.take(MAX_ORIGIN_BYTES).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}

pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn goes_on_after_a_restart_of_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let listed: Checksum = ABC.parse().unwrap();
        let mut partial = Partial::open(&path, Some(listed)).unwrap();
        partial.append(b"ab").unwrap();
        assert!(matches!(Partial::open(&path, None), Err(DownloadError::Busy { .. })));
        drop(partial);
        assert_eq!(left_of(&path), 2);
        let mut partial = Partial::open(&path, Some(listed)).unwrap();
        assert!(partial.goes_on_from("https://any/mirror"));
        partial.append(b"c").unwrap();
        assert_eq!(partial.digests().listed, Some(listed));
        partial.finish(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"abc");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn without_checksum_only_a_known_version_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut partial = Partial::open(&path, None).unwrap();
        partial.append(b"ab").unwrap();
        drop(partial);
        let mut partial = Partial::open(&path, None).unwrap();
        assert_eq!(partial.len(), 0);
        let url = "https://a/b".to_owned();
        let origin = Origin { url, version: Some("\"1\"".into()), size: Some(3) };
        partial.set_origin(origin.clone()).unwrap();
        partial.append(b"ab").unwrap();
        drop(partial);
        let partial = Partial::open(&path, None).unwrap();
        assert_eq!((partial.len(), partial.origin()), (2, &origin));
        assert!(partial.goes_on_from("https://a/b") && !partial.goes_on_from("https://a/c"));
        partial.discard();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn notes_that_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for note in [&b"{"[..], b"", b"[1, 2]", &[b' '; 100_000]] {
            std::fs::write(folder.path().join("file.part.json"), note).unwrap();
            let partial = Partial::open(&path, None).unwrap();
            assert_eq!(partial.origin(), &Origin::default());
        }
    }
}
