//! Free space of a file system.

use std::path::Path;

use crate::error::{DownloadError, Result};

/// Bytes that this user may still write into `folder`; `None` where the system does not say.
#[cfg(unix)]
pub(crate) fn available(folder: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    stat.f_bavail.checked_mul(stat.f_frsize)
}

/// Bytes that this user may still write into `folder`; `None` where the system does not say.
#[cfg(not(unix))]
pub(crate) fn available(_folder: &Path) -> Option<u64> {
    None
}

/// Refuses a download that does not fit.
pub(crate) fn check(folder: &Path, needed: u64, available: Option<u64>) -> Result<()> {
    match available {
        Some(available) if available < needed => {
            Err(DownloadError::NoSpace { folder: folder.to_owned(), needed, available })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needed_and_available() {
        let folder = Path::new("data");
        assert!(check(folder, 10, Some(10)).is_ok() && check(folder, 10, None).is_ok());
        let error = check(folder, 11, Some(10)).unwrap_err().to_string();
        for word in ["data", "11", "10", "another folder", "fewer files"] {
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn this_file_system_says() {
        assert!(available(Path::new(".")).is_some());
        assert_eq!(available(Path::new("/no such folder")), None);
    }
}
