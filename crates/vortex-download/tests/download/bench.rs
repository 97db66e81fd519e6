//! A folder, a file to download into it, and a look at what happened.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use vortex_download::{
    Checksum, DownloadError, DownloadEvent, DownloadObserver, Downloaded, Downloader, FileEntry,
    Options, Policy,
};

/// Collects what a download tells.
#[derive(Default)]
pub struct Log(pub Vec<String>);

impl DownloadObserver for Log {
    fn event(&mut self, event: &DownloadEvent<'_>) {
        if !matches!(event, DownloadEvent::Progress(_)) {
            self.0.push(format!("{event:?}"));
        }
    }
}

/// A folder, and limits fit for tests.
pub struct Bench {
    pub folder: tempfile::TempDir,
    pub options: Options,
    pub cancel: AtomicBool,
    pub slept: Cell<Duration>,
    pub replace: bool,
}

impl Bench {
    pub fn new() -> Self {
        let seconds = Duration::from_secs;
        let options = Options {
            connect_timeout: seconds(10),
            answer_timeout: seconds(10),
            stall_timeout: seconds(10),
            seed: 1,
            ..Options::default()
        };
        Self {
            folder: tempfile::tempdir().unwrap(),
            options,
            cancel: AtomicBool::new(false),
            slept: Cell::default(),
            replace: false,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Names in the folder, sorted.
    pub fn names(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> =
            names.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Downloads; sleeps are counted and not slept.
    pub fn get(
        &self,
        entries: &[FileEntry],
    ) -> (Result<Vec<Downloaded>, DownloadError>, Vec<String>) {
        let mut log = Log::default();
        let mut downloader =
            Downloader::new(Policy::HttpsOrLoopback, self.options.clone(), &mut log, &self.cancel)
                .with_sleep(|nap| self.slept.set(self.slept.get() + nap));
        let result = downloader.download(entries, self.folder.path(), self.replace);
        drop(downloader);
        (result, log.0)
    }

    /// Downloads one file, which must arrive as `expected`.
    pub fn right(&self, entry: &FileEntry, expected: &[u8]) -> Vec<String> {
        let (result, log) = self.get(std::slice::from_ref(entry));
        let downloaded = result.unwrap_or_else(|e| panic!("{e}\n{log:#?}"));
        assert_eq!(downloaded[0].bytes, expected.len() as u64);
        assert!(std::fs::read(self.path(&entry.name)).unwrap() == expected, "other bytes");
        assert!(!self.names().iter().any(|n| n.contains(".part")), "{:?}", self.names());
        log
    }

    /// Downloads one file, which must fail with all of `words`; no file of its name is there then.
    pub fn wrong(&self, entry: &FileEntry, words: &[&str]) -> DownloadError {
        let (result, log) = self.get(std::slice::from_ref(entry));
        let error = result.err().unwrap_or_else(|| panic!("no error\n{log:#?}"));
        for word in words {
            assert!(error.to_string().contains(word), "no {word:?} in: {error}\n{log:#?}");
        }
        assert!(!self.path(&entry.name).exists());
        error
    }
}

/// `n` bytes without structure.
pub fn bytes(n: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut out = Vec::with_capacity(n + 8);
    while out.len() < n {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.extend(state.to_le_bytes());
    }
    out.truncate(n);
    out
}

/// BLAKE3 of bytes.
pub fn blake3_of(bytes: &[u8]) -> Checksum {
    Checksum::Blake3(*blake3::hash(bytes).as_bytes())
}

/// A file of known size and checksum at `url`.
pub fn known(url: String, file: &[u8]) -> FileEntry {
    FileEntry {
        name: "file.bin".into(),
        size: Some(file.len() as u64),
        checksum: Some(blake3_of(file)),
        urls: vec![url],
        on_tape: false,
    }
}

/// A file of which nothing is known.
pub fn unknown(url: String) -> FileEntry {
    FileEntry { size: None, checksum: None, ..known(url, b"") }
}
