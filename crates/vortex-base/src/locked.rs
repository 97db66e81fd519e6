//! A file that only one process writes at a time.

use std::fs::{File, TryLockError};
use std::io;
use std::ops::{Deref, DerefMut};

/// An open file with an exclusive lock, where its file system has locks. The lock ends with this
/// value.
#[derive(Debug)]
pub struct LockedFile(File);

impl LockedFile {
    /// Locks `file`, or returns `None` if another holder has it.
    ///
    /// # Errors
    /// Those of the operating system, but not that a file system has no locks.
    pub fn try_new(file: File) -> io::Result<Option<Self>> {
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => {
                Ok(Some(Self(file)))
            }
            Err(TryLockError::Error(e)) => Err(e),
        }
    }
}

impl Drop for LockedFile {
    /// Closing the file is not enough: a process that this one is just starting holds a copy of the
    /// descriptor until it executes its program, and the lock lives as long as any copy.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

impl Deref for LockedFile {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl DerefMut for LockedFile {
    fn deref_mut(&mut self) -> &mut File {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_ends_with_its_value_even_while_a_copy_of_the_descriptor_lives() {
        let dir = tempfile::tempdir().unwrap();
        let open = || File::create(dir.path().join("lock")).unwrap();
        let locked = LockedFile::try_new(open()).unwrap().unwrap();
        let copy = locked.try_clone().unwrap();
        assert!(LockedFile::try_new(open()).unwrap().is_none());
        drop(locked);
        assert!(LockedFile::try_new(open()).unwrap().is_some());
        drop(copy);
    }
}
