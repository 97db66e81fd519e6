//! Whether a file stayed the same while it was read.

use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::time::SystemTime;

const ADVICE: &str = "do it again when no other program writes to it";

/// A file as it was when reading began.
#[derive(Clone, Debug)]
pub struct Before {
    len: u64,
    modified: Option<SystemTime>,
    number: Option<(u64, u64)>,
}

impl Before {
    /// The state that `metadata` shows, which must be taken before the first byte is read.
    pub fn of(metadata: &Metadata) -> Self {
        Self { len: metadata.len(), modified: metadata.modified().ok(), number: number(metadata) }
    }

    /// What happened to the file since, if anything, and what to do; `read` is the number of bytes that were read
    /// of it. A file that was replaced under its name did not change: the old one was read.
    ///
    /// # Errors
    /// Those of the system, but not for a name that is gone.
    pub fn change(&self, path: &Path, read: u64) -> io::Result<Option<String>> {
        let now = match std::fs::metadata(path) {
            Ok(metadata) => Some(metadata).filter(|now| number(now) == self.number),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let len = now.as_ref().map_or(self.len, Metadata::len);
        if len != self.len || read != self.len {
            return Ok(Some(format!(
                "changed while it was read: {} bytes at first, {len} bytes at the end, {read} bytes \
                 read; {ADVICE}",
                self.len
            )));
        }
        let modified = now.and_then(|now| now.modified().ok());
        Ok((modified.is_some() && modified != self.modified)
            .then(|| format!("was written to while it was read; {ADVICE}")))
    }
}

/// The device and the number of a file on it, where the system tells them.
fn number(metadata: &Metadata) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Some((metadata.dev(), metadata.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::Duration;

    #[test]
    fn changes_are_told() {
        let folder = std::env::temp_dir().join(format!("vortex-unchanged-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (path, other) = (folder.join("a"), folder.join("b"));
        fs::write(&path, b"12345").unwrap();
        let before = Before::of(&fs::metadata(&path).unwrap());
        assert_eq!(before.change(&path, 5).unwrap(), None);
        assert!(before.change(&path, 4).unwrap().unwrap().contains("5 bytes at first"));
        let later = SystemTime::now() + Duration::from_secs(5);
        fs::File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
        assert!(before.change(&path, 5).unwrap().unwrap().contains("written to"));
        fs::write(&path, b"1234567").unwrap();
        assert!(before.change(&path, 5).unwrap().unwrap().contains("7 bytes at the end"));
        fs::write(&path, b"").unwrap();
        assert!(before.change(&path, 5).unwrap().unwrap().contains("0 bytes at the end"));
        // A new file under the name, and no file: the old one was read.
        #[cfg(unix)]
        {
            fs::write(&other, b"another").unwrap();
            fs::rename(&other, &path).unwrap();
            assert_eq!(before.change(&path, 5).unwrap(), None);
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(before.change(&path, 5).unwrap(), None);
        fs::remove_dir_all(folder).unwrap();
    }
}
