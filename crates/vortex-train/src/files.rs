//! The files of a run, written so that a reader never sees half of one.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Result, TrainError};

/// Names inside a run directory.
#[derive(Clone, Debug)]
pub struct RunDir {
    root: PathBuf,
}

impl RunDir {
    /// A run in `root`, which is created if need be.
    pub fn create(root: &Path) -> Result<Self> {
        std::fs::create_dir_all(root).map_err(TrainError::io("create the directory", root))?;
        Ok(Self { root: root.to_path_buf() })
    }
    /// Configuration as it was used.
    pub fn config(&self) -> PathBuf {
        self.root.join("config.yaml")
    }
    /// The model for the codec.
    pub fn model(&self) -> PathBuf {
        self.root.join("model.vxm")
    }
    /// Checkpoint with the lowest validation loss.
    pub fn best(&self) -> PathBuf {
        self.root.join("best.safetensors")
    }
    /// Latest checkpoint.
    pub fn last(&self) -> PathBuf {
        self.root.join("last.safetensors")
    }
    /// One JSON object a line.
    pub fn metrics(&self) -> PathBuf {
        self.root.join("metrics.jsonl")
    }
    /// Results of the run.
    pub fn summary(&self) -> PathBuf {
        self.root.join("summary.json")
    }
}

/// Writes a file under a temporary name, flushes it to the disk, then renames it.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".tmp{}", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&temporary, path));
    if let Err(source) = written {
        // The error that matters is the first one.
        let _ = std::fs::remove_file(&temporary);
        return Err(TrainError::Io { action: "write", path: path.to_path_buf(), source });
    }
    // The rename itself is durable once the directory is on the disk; not all systems allow this.
    if let Some(directory) = path.parent()
        && let Ok(handle) = File::open(directory)
    {
        let _ = handle.sync_all();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_whole_files_and_leaves_no_temporary() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        let error = write_atomically(&dir.path().join("no/such"), b"").unwrap_err().to_string();
        assert!(error.contains("no/such"), "{error}");
    }
}
