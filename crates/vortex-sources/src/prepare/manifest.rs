//! `manifest.json`: the prepared files and their sources, for restoring them.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::formats::Format;
use crate::source::{Origin, Unread};

/// Name of the manifest in a prepared folder.
pub const MANIFEST_NAME: &str = "manifest.json";
/// Newest version of its form that is read and written. A manifest has the oldest version that
/// knows all its keys.
pub const MANIFEST_VERSION: u32 = 2;
/// Largest manifest that is read.
pub const MAX_MANIFEST_BYTES: u64 = 256 << 20;

/// Order of the values in the streams of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// One stream of records.
    Row,
    /// A stream for each number type: one field after the other, for each part of the split.
    Column,
}

/// The contents of a prepared folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this form.
    pub version: u32,
    /// Shares of train, validation and test.
    pub split: String,
    /// Seed of the shuffle; without it, records are in the order of the source.
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
    /// Its format.
    pub format: Format,
    /// Its length.
    pub bytes: u64,
    /// Its BLAKE3, in hexadecimal.
    pub blake3: String,
    /// Its datasets.
    pub datasets: Vec<DatasetEntry>,
    /// The parts that were not read because of their kind, with the reasons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<Unread>,
    /// The datasets that could not be read, with the reasons. Since version 2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<Unread>,
    /// What a restored file has beside the datasets. Since version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure: Option<Origin>,
    /// Properties of the file that a restored one does not have. Since version 2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<Unread>,
}

/// A dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetEntry {
    /// Its name in the source.
    pub name: String,
    /// Lengths of its dimensions.
    pub shape: Vec<u64>,
    /// Information for writing it again.
    pub origin: Origin,
    /// Number of records.
    pub records: u64,
    /// Records per index of the first dimension; a split never separates them.
    pub records_per_event: u64,
    /// The fields of a record: name, numpy type and offset; gaps are padding.
    pub fields: Vec<FieldEntry>,
    /// Bytes per record.
    pub stride: u32,
    /// BLAKE3 of all records in the order of the source, in hexadecimal.
    pub blake3: String,
    /// Order of the values in the streams.
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
    /// The indices of its fields; in the row layout, all fields.
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

    /// Parses a manifest; `path` is for messages.
    ///
    /// # Errors
    /// [`Error::Source`] with line and column.
    pub fn parse(path: &Path, text: &[u8]) -> Result<Self> {
        let refuse = |what: String| Error::source(path, "manifest", what);
        if text.len() as u64 > MAX_MANIFEST_BYTES {
            return Err(refuse(format!("longer than {MAX_MANIFEST_BYTES} bytes")));
        }
        let manifest: Self = serde_json::from_slice(text).map_err(|e| refuse(e.to_string()))?;
        let needed = version_for(&manifest.sources);
        let version = manifest.version;
        if !(1..=MANIFEST_VERSION).contains(&version) {
            return Err(refuse(format!("version {version}; 1 to {MANIFEST_VERSION} are known")));
        }
        if version < needed {
            return Err(refuse(format!("version {version} with keys of version {needed}")));
        }
        for stream in manifest.streams() {
            // A manifest must not cause reads or writes outside its folder.
            if !is_plain_name(&stream.file) {
                return Err(refuse(format!("{:?} is not a plain file name", stream.file)));
            }
        }
        for source in &manifest.sources {
            if !is_plain_name(&source.file) {
                return Err(refuse(format!("{:?} is not a plain file name", source.file)));
            }
        }
        Ok(manifest)
    }

    /// Whether nothing of the sources was left out.
    pub fn is_whole(&self) -> bool {
        self.sources.iter().all(|source| source.left_out.is_empty())
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

/// The oldest version that knows all keys of these sources.
pub(super) fn version_for(sources: &[SourceEntry]) -> u32 {
    let newer = |source: &SourceEntry| {
        let lists = source.left_out.is_empty() && source.lost.is_empty();
        !lists || source.structure.is_some()
    };
    if sources.iter().any(newer) { 2 } else { 1 }
}

/// Whether a name has no folders and is not a special name of a folder.
pub fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && name != "."
        && name != ".."
        && name.len() <= 255
        && !name.contains(['/', '\\', '\0'])
}
