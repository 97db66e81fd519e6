//! Event files that TensorBoard reads: `tensorboard --logdir RUN`.

mod crc32c;
mod message;
mod record;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::{Result, TrainError};
use crate::observer::TrainEvent;

/// Prefix of the names of event files, which TensorBoard looks for.
pub const PREFIX: &str = "events.out.tfevents.";

/// One event file. A resumed run writes another one, which TensorBoard reads after the earlier
/// ones.
#[derive(Debug)]
pub struct EventFile {
    file: File,
    path: PathBuf,
}

impl EventFile {
    /// A new file in `directory`, which replaces the events of earlier files for steps after
    /// `step`.
    pub fn create(directory: &Path, step: u64) -> Result<Self> {
        // TensorBoard reads in the order of names.
        let entries = std::fs::read_dir(directory).map_err(TrainError::io("list", directory))?;
        let earlier = entries.filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            name.strip_prefix(PREFIX)?.split('.').next()?.parse::<u64>().ok()
        });
        let number = earlier.max().map_or(0, |last| last + 1).max(now() as u64);
        let path = directory.join(format!("{PREFIX}{number:010}.vortex"));
        let open = OpenOptions::new().create_new(true).append(true).open(&path);
        let mut events = Self { file: open.map_err(TrainError::io("create", &path))?, path };
        events.write(&message::version(now()))?;
        events.write(&message::start(now(), step + 1))?;
        Ok(events)
    }

    fn write(&mut self, event: &[u8]) -> Result<()> {
        // One write per record, so that records of a killed run are complete.
        self.file.write_all(&record::record(event)).map_err(TrainError::io("write", &self.path))
    }

    /// Adds a text in Markdown.
    pub fn text(&mut self, step: u64, tag: &str, markdown: &str) -> Result<()> {
        self.write(&message::text(now(), step, tag, markdown))
    }

    /// Adds the numbers of an event, if it has some.
    pub fn event(&mut self, event: &TrainEvent) -> Result<()> {
        match event {
            TrainEvent::Step {
                step,
                bits_per_byte,
                learning_rate,
                gradient_norm,
                bytes_per_second,
                ..
            } => {
                let values = [
                    ("train/bits_per_byte", *bits_per_byte),
                    ("train/learning_rate", *learning_rate),
                    ("train/gradient_norm", *gradient_norm),
                    ("train/bytes_per_second", *bytes_per_second),
                ];
                self.write(&message::scalars(now(), *step, &values))
            }
            TrainEvent::Validation { step, bits_per_byte, .. } => {
                let values = [("validation/bits_per_byte", *bits_per_byte)];
                self.write(&message::scalars(now(), *step, &values))
            }
            _ => Ok(()),
        }
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_in_the_order_in_which_they_were_made() {
        let dir = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> =
            (0..3).map(|step| EventFile::create(dir.path(), step).unwrap().path).collect();
        assert!(paths.is_sorted() && paths[0] != paths[1] && paths[1] != paths[2]);
        let mut file = EventFile::create(dir.path(), 0).unwrap();
        let length = || std::fs::metadata(dir.path().join(&paths[0])).unwrap().len();
        assert_eq!(length(), 16 + 24 + 16 + 15);
        file.event(&TrainEvent::Validation { step: 1, bits_per_byte: 2.0, best: true }).unwrap();
        let bytes = std::fs::read(&file.path).unwrap();
        assert_eq!(&bytes[bytes.len() - 4 - 5 - 24..][..24], b"validation/bits_per_byte");
    }
}
