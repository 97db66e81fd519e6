//! `metrics.jsonl`: every event as one JSON object per line, for plots.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::error::{Result, TrainError};
use crate::observer::TrainEvent;

/// Appends events to a file.
#[derive(Debug)]
pub struct MetricsLog {
    file: File,
    path: PathBuf,
    len: u64,
}

impl MetricsLog {
    /// Opens the file and keeps its contents.
    pub fn open(path: &Path) -> Result<Self> {
        let open = || {
            let file = OpenOptions::new().create(true).append(true).read(true).open(path)?;
            let len = file.metadata()?.len();
            Ok((file, len))
        };
        let (file, len) = open().map_err(TrainError::io("write", path))?;
        Ok(Self { file, path: path.to_path_buf(), len })
    }

    /// Length of the file in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Removes everything after the first `len` bytes, and an incomplete last line.
    pub fn cut(&mut self, len: u64) -> Result<()> {
        let cut = || {
            let mut kept = Vec::new();
            (&self.file).seek(SeekFrom::Start(0))?;
            (&self.file).take(len).read_to_end(&mut kept)?;
            let whole = kept.iter().rposition(|&b| b == b'\n').map_or(0, |at| at as u64 + 1);
            self.file.set_len(whole)?;
            Ok(whole)
        };
        self.len = cut().map_err(TrainError::io("cut", &self.path))?;
        Ok(())
    }

    /// Writes one event.
    pub fn write(&mut self, event: &TrainEvent) -> Result<()> {
        let mut line = serde_json::to_vec(event)
            .map_err(|e| TrainError::io("write", &self.path)(std::io::Error::other(e)))?;
        line.push(b'\n');
        // One write per line, so that lines of a killed run are complete.
        self.file.write_all(&line).map_err(TrainError::io("write", &self.path))?;
        self.len += line.len() as u64;
        Ok(())
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
        MetricsLog::open(&path).unwrap().write(&event).unwrap();
        let one = std::fs::read(&path).unwrap();
        MetricsLog::open(&path).unwrap().write(&event).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2);
        let value: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!(value["event"], "validation");
        assert_eq!(value["bits_per_byte"], 2.5);
        // Checkpoints that refer to one line, to a little more than one, and to more than the file
        // has.
        for (known, lines) in
            [(u64::MAX, 2), (one.len() as u64 + 5, 1), (one.len() as u64, 1), (3, 0)]
        {
            let mut log = MetricsLog::open(&path).unwrap();
            log.cut(known).unwrap();
            assert_eq!(log.len(), (one.len() * lines) as u64);
            assert_eq!(std::fs::read(&path).unwrap(), one.repeat(lines));
        }
    }

    #[test]
    fn writing_goes_on_where_the_file_was_cut() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.jsonl");
        std::fs::write(&path, "{}\n{\"torn").unwrap();
        let mut log = MetricsLog::open(&path).unwrap();
        log.cut(1000).unwrap();
        log.write(&TrainEvent::Validation { step: 3, bits_per_byte: 2.5, best: true }).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("{}\n{\"event\":\"validation\""), "{text}");
        assert_eq!(log.len(), text.len() as u64);
    }
}
