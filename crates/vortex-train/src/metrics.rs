//! `metrics.jsonl`: every event as one JSON object a line, for plots.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Result, TrainError};
use crate::observer::TrainEvent;

/// Appends events to a file.
#[derive(Debug)]
pub struct MetricsLog {
    file: File,
    path: PathBuf,
}

impl MetricsLog {
    /// Opens the file; `append` keeps what an earlier part of the run wrote.
    pub fn open(path: &Path, append: bool) -> Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .write(true)
            .append(append)
            .truncate(!append)
            .open(path)
            .map_err(TrainError::io("write", path))?;
        Ok(Self { file, path: path.to_path_buf() })
    }

    /// Writes one event.
    pub fn write(&mut self, event: &TrainEvent) -> Result<()> {
        let mut line = serde_json::to_vec(event)
            .map_err(|e| TrainError::io("write", &self.path)(std::io::Error::other(e)))?;
        line.push(b'\n');
        // One write a line: lines of a killed run are whole.
        self.file.write_all(&line).map_err(TrainError::io("write", &self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_json_and_survive_a_second_opening() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.jsonl");
        let event = TrainEvent::Validation { step: 3, bits_per_byte: 2.5, best: true };
        MetricsLog::open(&path, false).unwrap().write(&event).unwrap();
        MetricsLog::open(&path, true).unwrap().write(&event).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2);
        let value: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!(value["event"], "validation");
        assert_eq!(value["bits_per_byte"], 2.5);
        MetricsLog::open(&path, false).unwrap();
        assert!(std::fs::read(&path).unwrap().is_empty());
    }
}
