//! A folder to work in, data to work on, and the program.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use assert_cmd::Command;
use vortex_coder::{DType, Field, RecordLayout, Role, Schema};
use vortex_infer::random::Sizes;

/// Bytes of a record of [`records`].
pub const STRIDE: usize = 24;

/// A temporary folder; when it is dropped, it checks that it holds no temporary file.
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

/// Records for [`model`]: the byte at place `i` has one of 16 values, and these values differ
/// between places. The last record may be cut.
pub fn modelled_records(n: usize) -> Vec<u8> {
    let mut bytes = records(n);
    for (i, byte) in bytes.iter_mut().enumerate() {
        let place = i % STRIDE;
        let noise = (i as u32).wrapping_mul(2_654_435_761) >> 13 ^ u32::from(*byte);
        *byte = (place * 16 % 256) as u8 | (noise.wrapping_mul(40_503) >> 9 & 15) as u8;
    }
    bytes
}

/// A model file of [`modelled_records`]: a random network whose output layer was set to fit them.
pub fn model() -> &'static [u8] {
    static MODEL: OnceLock<Vec<u8>> = OnceLock::new();
    MODEL.get_or_init(|| make_model(7))
}

/// Another model of the same records.
pub fn other_model() -> &'static [u8] {
    static MODEL: OnceLock<Vec<u8>> = OnceLock::new();
    MODEL.get_or_init(|| make_model(8))
}

fn make_model(seed: u64) -> Vec<u8> {
    let fields = ["pt", "eta", "energy", "event", "label", "noise"];
    let field = |(i, name): (usize, &&str)| Field::new(*name, DType::F32, 4 * i as u32);
    let schema = Schema::new(STRIDE, fields.iter().enumerate().map(field).collect()).unwrap();
    let layout = RecordLayout::new(schema.clone());
    let sizes =
        Sizes { d_model: 16, n_heads: 2, d_ff: 32, d_head: 16, d_head_ff: 32, ..Sizes::default() };
    let mut network = vortex_infer::random::network(schema, sizes, seed);
    network.flat.fill(false);
    network.head.copy.fill(0);
    network.head.copy_bias.fill(0);
    network.head.out.iter_mut().for_each(|out| out.weight.fill(0));
    network.head.out_bias.fill(-32 * 20);
    for (role, &Role { rank, field, .. }) in layout.roles().iter().enumerate() {
        // Most significant first in the record, least significant first in the file.
        let place = 4 * usize::from(field) + 3 - usize::from(rank);
        let first = role * 256 + place * 16 % 256;
        network.head.out_bias[first..first + 16].fill(0);
    }
    network.to_bytes().unwrap()
}
