//! A folder to work in, data to work on, and the program.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use assert_cmd::Command;

/// Bytes of a record of [`records`].
pub const STRIDE: usize = 24;

/// A temporary folder that checks on its way out that no temporary file was left in it.
pub struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Names in the folder, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The program, in the folder.
    pub fn vortex(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo_bin!("vortex"));
        command.current_dir(&self.folder).env_remove("VORTEX_MODEL_PATH").args(arguments);
        command.timeout(std::time::Duration::from_secs(240));
        command
    }

    /// Runs it; it must succeed.
    pub fn ok(&self, arguments: &[&str]) -> Output {
        self.vortex(arguments).assert().success().get_output().clone()
    }

    /// Runs it; it must fail with status 1 and one line that contains all of `words`.
    pub fn fails(&self, arguments: &[&str], words: &[&str]) -> String {
        let before = self.names();
        let output = self.vortex(arguments).assert().code(1).get_output().clone();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(message.lines().count(), 1, "{message}");
        assert!(message.starts_with("vortex: "), "{message}");
        for word in words {
            assert!(message.contains(word), "no {word:?} in: {message}");
        }
        assert!(!message.contains("panicked"), "{message}");
        assert_eq!(self.names(), before, "files left by {arguments:?}");
        message
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let left: Vec<_> = self.names().into_iter().filter(|n| n.ends_with(".tmp")).collect();
            assert!(left.is_empty(), "temporary files left: {left:?}");
        }
    }
}

/// `n` bytes of records: a steep float, a slow counter, a label, noise. The last record may be
/// cut.
pub fn records(n: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as u32
    };
    let mut bytes = Vec::with_capacity(n + STRIDE);
    let mut event = 1000u32;
    while bytes.len() < n {
        event += random() % 2;
        let pt = 20.0 / (1.0 - random() as f32 / (1 << 24) as f32 * 0.99);
        let eta = (random() % 1000) as f32 / 200.0 - 2.5;
        bytes.extend(pt.to_le_bytes());
        bytes.extend(eta.to_le_bytes());
        bytes.extend((pt * eta.cosh()).to_le_bytes());
        bytes.extend(event.to_le_bytes());
        bytes.extend(((random() % 3) as i32 * 5).to_le_bytes());
        bytes.extend((random() << 8 | random() & 255).to_le_bytes());
    }
    bytes.truncate(n);
    bytes
}

/// The schema of [`records`], as a `.schema.yaml`.
pub const SCHEMA: &str = "\
stride: 24
fields:
  - {name: pt, dtype: '<f4', offset: 0}
  - {name: eta, dtype: '<f4', offset: 4}
  - {name: energy, dtype: '<f4', offset: 8}
  - {name: event, dtype: '<u4', offset: 12}
  - {name: label, dtype: '<i4', offset: 16}
  - {name: noise, dtype: '<u4', offset: 20}
";

/// A model of [`records`], trained for a few steps once for all tests.
pub fn model() -> &'static [u8] {
    static MODEL: OnceLock<Vec<u8>> = OnceLock::new();
    MODEL.get_or_init(|| train(7))
}

/// Another model of the same records.
pub fn other_model() -> &'static [u8] {
    static MODEL: OnceLock<Vec<u8>> = OnceLock::new();
    MODEL.get_or_init(|| train(8))
}

fn train(seed: u64) -> Vec<u8> {
    let bench = Bench::new();
    bench.write("data.bin", &records(STRIDE * 4000));
    bench.write("data.schema.yaml", SCHEMA.as_bytes());
    bench.write(
        "config.yaml",
        format!(
            "seed: {seed}\nbatch: {{sequences: 4, tokens: 48}}\n\
             budget: {{max_steps: 12}}\nvalidation: {{times: 1, max_bytes: 10000}}\n"
        )
        .as_bytes(),
    );
    bench.ok(&["-q", "train", "--config", "config.yaml", "--data", "data.bin", "--out", "run"]);
    bench.read("run/model.vxm")
}
