//! Files that get their final name only when they are complete.
//!
//! The order of the steps makes this safe against a power cut: sync the file, rename it, sync the
//! folder.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Gives a finished file its final name and replaces an existing file.
///
/// # Errors
/// Those of the system. The file then keeps its current name.
pub fn rename(file: &File, from: &Path, to: &Path) -> io::Result<()> {
    file.sync_all()?;
    std::fs::rename(from, to)?;
    sync_folder(folder_of(to));
    Ok(())
}

/// Writes a file under the name `temporary`, which nobody else uses, and renames it to `path`.
///
/// # Errors
/// Those of the system. The file at `path` is then unchanged, and no temporary file is left.
pub fn write(path: &Path, temporary: &Path, bytes: &[u8]) -> io::Result<()> {
    let written = File::create(temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        rename(&file, temporary, path)
    });
    if written.is_err() {
        // Report the first error.
        let _ = std::fs::remove_file(temporary);
    }
    written
}

/// The folder of a path.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Syncs a folder, which makes the names in it durable. Not every system can do this; the file
/// itself is safe in any case.
pub fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A new folder of this test.
    fn folder(name: &str) -> std::path::PathBuf {
        let folder =
            std::env::temp_dir().join(format!("vortex-base-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = folder("whole");
        let (path, temporary) = (folder.join("a"), folder.join("a.tmp"));
        for bytes in [b"old".as_slice(), b"newer"] {
            write(&path, &temporary, bytes).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
            assert!(!temporary.exists());
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_failure_leaves_what_was_there() {
        let folder = folder("failure");
        let (path, temporary) = (folder.join("a"), folder.join("a.tmp"));
        std::fs::create_dir_all(path.join("not empty")).unwrap();
        assert!(write(&path, &temporary, b"new").is_err());
        assert!(path.join("not empty").exists() && !temporary.exists());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn bare_names_lie_in_the_working_folder() {
        assert_eq!(folder_of(Path::new("a")), Path::new("."));
        assert_eq!(folder_of(Path::new("b/a")), Path::new("b"));
        assert_eq!(folder_of(Path::new("/a")), Path::new("/"));
    }
}
