//! The temporary files and folders of this process, which must be removed when it ends.
//!
//! Outputs are written under temporary names and renamed in one step. So a program that stops at
//! once leaves no incomplete file, if its temporary files are removed too.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn temporary() -> MutexGuard<'static, Vec<PathBuf>> {
    TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes all temporary files of this process, and then runs `end`, which should end it: no file gets
/// its final name meanwhile. For handlers of Ctrl-C.
pub fn remove_temporary(end: impl FnOnce()) {
    let paths = temporary();
    for path in paths.iter() {
        let _ = match path.is_dir() {
            true => std::fs::remove_dir_all(path),
            false => std::fs::remove_file(path),
        };
    }
    end();
}

/// Creates a temporary file or folder and registers it for removal, in one step for a signal
/// handler.
pub(super) fn create<T>(make: impl FnOnce() -> io::Result<(T, PathBuf)>) -> io::Result<T> {
    let mut paths = temporary();
    let (file, path) = make()?;
    paths.push(path);
    Ok(file)
}

/// Runs `finish` (a rename or a removal), after which `path` is not a temporary file any more.
pub(super) fn finish<T>(path: &Path, finish: impl FnOnce() -> T) -> T {
    let mut paths = temporary();
    let result = finish();
    paths.retain(|p| p != path);
    result
}
