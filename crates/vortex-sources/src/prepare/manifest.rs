//! `manifest.json`: what was prepared from what, so that it can be restored.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::formats::Format;
use crate::source::{Origin, Unread};

/// Name of the manifest in a prepared folder.
pub const MANIFEST_NAME: &str = "manifest.json";
/// Version of its form.
pub const MANIFEST_VERSION: u32 = 1;
/// Largest manifest that is read.
pub const MAX_MANIFEST_BYTES: u64 = 256 << 20;

/// How records lie in the streams of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// One stream of records.
    Row,
    /// A stream for each number type: one field after the other, for each part of the split.
    Column,
}

/// What a prepared folder holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this form.
    pub version: u32,
    /// Shares of train, validation and test.
    pub split: String,
    /// Seed of the shuffle; records are in the order of the source without one.
    pub seed: Option<u64>,
    /// The files that were read.
    pub sources: Vec<SourceEntry>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceEntry {
    /// Its name, without folders.
    pub file: String,
    /// What it is.
    pub format: Format,
    /// Its length.
    pub bytes: u64,
    /// Its BLAKE3, in hexadecimal.
    pub blake3: String,
    /// Its datasets.
    pub datasets: Vec<DatasetEntry>,
    /// What in it was not read, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<Unread>,
}

/// A dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetEntry {
    /// As the source names it.
    pub name: String,
    /// Lengths of its dimensions.
    pub shape: Vec<u64>,
    /// How to write it again.
    pub origin: Origin,
    /// Records in all.
    pub records: u64,
    /// Records of one index of the first dimension, which no split parts.
    pub records_per_event: u64,
    /// The fields of a record: name, numpy type and offset; gaps are padding.
    pub fields: Vec<FieldEntry>,
    /// Bytes a record.
    pub stride: u32,
    /// BLAKE3 of all records in the order of the source, in hexadecimal.
    pub blake3: String,
    /// How the records lie in the streams.
    pub layout: Layout,
    /// Ends of the train, validation and test records, in the order of the streams.
    pub split: [u64; 3],
    /// The streams.
    pub streams: Vec<StreamEntry>,
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldEntry {
    /// Its name.
    pub name: String,
    /// numpy type with byte order.
    pub dtype: String,
    /// Bytes from the start of the record.
    pub offset: u32,
}

/// A file of the prepared folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamEntry {
    /// Its name.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// The fields in it, by number; all of them in the row layout.
    pub fields: Vec<u32>,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Source`] with line and column.
    pub fn read(path: &Path) -> Result<Self> {
        use std::io::Read;
        let mut text = Vec::new();
        std::fs::File::open(path)
            .and_then(|file| file.take(MAX_MANIFEST_BYTES + 1).read_to_end(&mut text))
            .map_err(|e| Error::io(path, e))?;
        Self::parse(path, &text)
    }

    /// Takes a manifest from its bytes; `path` is for messages.
    ///
    /// # Errors
    /// [`Error::Source`] with line and column.
    pub fn parse(path: &Path, text: &[u8]) -> Result<Self> {
        let refuse = |what: String| Error::source(path, "manifest", what);
        if text.len() as u64 > MAX_MANIFEST_BYTES {
            return Err(refuse(format!("longer than {MAX_MANIFEST_BYTES} bytes")));
        }
        let manifest: Self = serde_json::from_slice(text).map_err(|e| refuse(e.to_string()))?;
        if manifest.version != MANIFEST_VERSION {
            let version = manifest.version;
            return Err(refuse(format!("version {version}; {MANIFEST_VERSION} is known")));
        }
        for stream in manifest.streams() {
            // A manifest must not make anybody read or write elsewhere.
            if !is_plain_name(&stream.file) {
                return Err(refuse(format!("{:?} is no plain file name", stream.file)));
            }
        }
        for source in &manifest.sources {
            if !is_plain_name(&source.file) {
                return Err(refuse(format!("{:?} is no plain file name", source.file)));
            }
        }
        Ok(manifest)
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text =
            serde_json::to_vec_pretty(self).expect("strings and numbers have a JSON form");
        text.push(b'\n');
        text
    }

    /// All streams, in order.
    pub fn streams(&self) -> impl Iterator<Item = &StreamEntry> {
        self.sources.iter().flat_map(|s| &s.datasets).flat_map(|d| &d.streams)
    }
}

/// A name without folders, and none of the names that mean folders.
pub fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && name != "."
        && name != ".."
        && name.len() <= 255
        && !name.contains(['/', '\\', '\0'])
}
