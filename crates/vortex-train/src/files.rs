//! The files of a run, written so that a reader never sees an incomplete file.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use vortex_base::atomic;
use vortex_base::locked::LockedFile;

use crate::error::{Result, TrainError};

/// Names inside a run directory. While this value exists, no other process can open the same
/// directory.
#[derive(Debug)]
pub struct RunDir {
    root: PathBuf,
    _lock: LockedFile,
}

/// Checkpoints that are kept: this, the step in twelve digits, and the ending.
const NUMBERED: &str = "step-";
const ENDING: &str = ".safetensors";

impl RunDir {
    /// A run in `root`, which is created if needed. Unless `resume`, the files of an earlier run in
    /// it are removed. Temporary files of a killed run are always removed.
    ///
    /// # Errors
    /// [`TrainError::Io`]; [`TrainError::Checkpoint`] if another process trains in `root`, or there
    /// is nothing to resume.
    pub fn open(root: &Path, resume: bool) -> Result<Self> {
        let refuse =
            |message: &str| TrainError::Checkpoint { path: root.into(), message: message.into() };
        std::fs::create_dir_all(root).map_err(TrainError::io("create the directory", root))?;
        let lock = root.join(".lock");
        let file = File::create(&lock).map_err(TrainError::io("create", &lock))?;
        let Some(lock) = LockedFile::try_new(file).map_err(TrainError::io("lock", &lock))? else {
            return Err(refuse("another process is training there; wait for it or stop it"));
        };
        let dir = Self { root: root.to_path_buf(), _lock: lock };
        if resume && !dir.last().exists() && !dir.config().exists() {
            return Err(refuse(
                "holds no last.safetensors to continue from; start without resuming",
            ));
        }
        for name in dir.names()? {
            let old = !resume && dir.is_of_run(&name);
            if old || is_temporary(&name) {
                let path = root.join(&name);
                std::fs::remove_file(&path).map_err(TrainError::io("remove", &path))?;
            }
        }
        Ok(dir)
    }

    fn names(&self) -> Result<Vec<String>> {
        let list = || std::fs::read_dir(&self.root)?.map(|entry| Ok(entry?.file_name())).collect();
        let names: std::io::Result<Vec<OsString>> = list();
        let names = names.map_err(TrainError::io("list", &self.root))?;
        Ok(names.into_iter().filter_map(|name| name.into_string().ok()).collect())
    }

    fn is_of_run(&self, name: &str) -> bool {
        let path = self.root.join(name);
        let files = [
            self.config(),
            self.model(),
            self.best(),
            self.new_best(),
            self.last(),
            self.metrics(),
            self.summary(),
            self.report(),
        ];
        let events = name.starts_with(crate::tensorboard::PREFIX);
        files.contains(&path) || numbered(name).is_some() || events
    }

    /// Keeps `last.safetensors` of `step` under a separate name, with at most `keep - 1` earlier
    /// ones.
    pub fn keep_numbered(&self, step: u64, keep: usize) -> Result<PathBuf> {
        let path = self.root.join(format!("{NUMBERED}{step:012}{ENDING}"));
        let _ = std::fs::remove_file(&path);
        std::fs::hard_link(self.last(), &path)
            .or_else(|_| std::fs::copy(self.last(), &path).map(|_| ()))
            .map_err(TrainError::io("write", &path))?;
        let mut all: Vec<(u64, String)> =
            self.names()?.into_iter().filter_map(|name| Some((numbered(&name)?, name))).collect();
        all.sort();
        for (_, name) in &all[..all.len().saturating_sub(keep)] {
            let path = self.root.join(name);
            std::fs::remove_file(&path).map_err(TrainError::io("remove", &path))?;
        }
        Ok(path)
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }
    /// The complete configuration of the run.
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
    /// The next [`RunDir::best`], until the checkpoint that refers to it is written.
    pub fn new_best(&self) -> PathBuf {
        self.root.join("best.safetensors.new")
    }
    /// Latest checkpoint.
    pub fn last(&self) -> PathBuf {
        self.root.join("last.safetensors")
    }
    /// One JSON object per line.
    pub fn metrics(&self) -> PathBuf {
        self.root.join("metrics.jsonl")
    }
    /// Results of the run.
    pub fn summary(&self) -> PathBuf {
        self.root.join("summary.json")
    }
    /// The page that a caller may write about the run.
    pub fn report(&self) -> PathBuf {
        self.root.join(REPORT)
    }
}

/// Name of the page about a run, which callers write; a new run removes it as it does its own
/// files.
pub const REPORT: &str = "report.html";

/// Step of a checkpoint that is kept.
fn numbered(name: &str) -> Option<u64> {
    name.strip_prefix(NUMBERED)?.strip_suffix(ENDING)?.parse().ok()
}

/// Between the name of a file and the number of the process that writes it.
const TEMPORARY: &str = ".tmp";

fn is_temporary(name: &str) -> bool {
    name.rsplit_once(TEMPORARY)
        .is_some_and(|(_, id)| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))
}

/// Writes a file under a temporary name, flushes it to the disk, then renames it.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!("{TEMPORARY}{}", std::process::id()));
    let temporary = path.with_file_name(name);
    atomic::write(path, &temporary, bytes).map_err(TrainError::io("write", path))
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

    #[test]
    fn a_new_run_removes_the_files_of_an_old_one_and_no_others() {
        let dir = tempfile::tempdir().unwrap();
        let touch = |name: &str| std::fs::write(dir.path().join(name), b"x").unwrap();
        let names = || {
            let entries = std::fs::read_dir(dir.path()).unwrap();
            let mut names: Vec<String> =
                entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
            names.retain(|n| n != ".lock");
            names.sort();
            names
        };
        let run = [
            "config.yaml",
            "last.safetensors",
            "model.vxm",
            "report.html",
            "step-000000000010.safetensors",
        ];
        let others = ["data.bin", "last.safetensors.tmp", "notes.tmpx1", "step-x.safetensors"];
        let error = RunDir::open(dir.path(), true).unwrap_err().to_string();
        assert!(error.contains("holds no last.safetensors"), "{error}");
        run.iter().chain(&others).for_each(|name| touch(name));
        touch("last.safetensors.tmp123");
        RunDir::open(dir.path(), true).unwrap();
        assert_eq!(names().len(), run.len() + others.len());
        RunDir::open(dir.path(), false).unwrap();
        assert_eq!(names(), others);
    }

    #[test]
    fn a_directory_has_one_run_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let first = RunDir::open(dir.path(), false).unwrap();
        let error = RunDir::open(dir.path(), false).unwrap_err().to_string();
        assert!(error.contains("another process"), "{error}");
        drop(first);
        RunDir::open(dir.path(), false).unwrap();
    }

    #[test]
    fn numbered_checkpoints_are_the_last_ones() {
        let dir = tempfile::tempdir().unwrap();
        let run = RunDir::open(dir.path(), false).unwrap();
        for step in [5, 10, 10, 15, 1_000_000] {
            write_atomically(&run.last(), format!("{step}").as_bytes()).unwrap();
            run.keep_numbered(step, 2).unwrap();
        }
        let kept = [15u64, 1_000_000].map(|step| {
            let path = dir.path().join(format!("step-{step:012}.safetensors"));
            assert_eq!(std::fs::read_to_string(path).unwrap(), step.to_string());
        });
        let all = run.names().unwrap();
        assert_eq!(all.iter().filter(|name| numbered(name).is_some()).count(), kept.len());
    }
}
