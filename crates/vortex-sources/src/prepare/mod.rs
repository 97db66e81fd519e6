//! From files of other programs to streams of records for training, and back.
//!
//! [`prepare`] writes, for every dataset of every input, one `.bin` file of records (row layout)
//! or one for each number type (column layout), each with its `.schema.yaml`, and a
//! [`Manifest`]. [`restore`] restores the datasets of the inputs, bit for bit.

mod choose;
mod dataset;
mod manifest;
mod names;
mod order;
mod restore;
mod streams;

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use vortex_base::unchanged::Before;
use vortex_data::SplitRatios;

use crate::error::{Error, Result};
use crate::formats::{Format, format_of, open_known};
use crate::pieces::file_name;
use crate::source::{Origin, Source, Unread};
use crate::stored::OnBytes;

use dataset::{Failed, dataset};
use manifest::version_for;
use names::{Names, stem};

pub use choose::{Costs, LayoutRule, SAMPLE_BYTES, TRAINING_MARGIN, measure};
pub use manifest::{
    DatasetEntry, FieldEntry, Layout, MANIFEST_NAME, MANIFEST_VERSION, MAX_MANIFEST_BYTES,
    Manifest, SourceEntry, StreamEntry, is_plain_name,
};
pub use order::{Order, Piece, groups};
use restore::plain;
pub use restore::{Restored, restore, restored_names};
pub use streams::{CHUNK_BYTES, Place, Placement, Streams, stream_names, stream_schema};

/// How to prepare.
#[derive(Clone, Debug, Default)]
pub struct PrepareOptions {
    /// How the layout of each dataset is chosen.
    pub layout: LayoutRule,
    /// Shares of train, validation and test.
    pub split: SplitRatios,
    /// Shuffles runs of records before the split.
    pub seed: Option<u64>,
    /// Refuses inputs of which any part is not read.
    pub strict: bool,
}

/// Prepares files into a folder, which is created if needed. The manifest is written last. A dataset
/// that cannot be read is left out, and the manifest says why.
///
/// # Errors
/// [`Error::Io`]; [`Error::Source`] if no dataset of any input can be read, and, with
/// [`PrepareOptions::strict`], for the first part of an input that is not read.
pub fn prepare(
    inputs: &[PathBuf],
    folder: &Path,
    options: &PrepareOptions,
    on_bytes: &mut OnBytes<'_>,
) -> Result<Manifest> {
    let mut names = Names::new();
    let mut entries = Vec::new();
    let mut refused = None;
    let several = inputs.len() > 1;
    for input in inputs {
        let before = std::fs::metadata(input).map_err(|e| Error::io(input, e))?;
        let prefix = several.then(|| stem(input));
        let mut name = |name: &str| names.base(prefix.as_deref(), name);
        let entry = match open_known(input) {
            Ok((format, opened)) => {
                let entry = source(input, opened.as_ref(), folder, options, &mut name, on_bytes)?;
                entry.into_entry(input, format)
            }
            // The other inputs may be healthy.
            Err(error @ Error::Source { .. }) if several && !options.strict && input.is_file() => {
                let digest = digest_of(input, &AtomicBool::new(false))?;
                let left_out = vec![left_out("file", error)];
                let read = Read { left_out, digest, ..Default::default() };
                read.into_entry(input, format_of(input)?)
            }
            Err(error) => return Err(error),
        };
        let change = Before::of(&before).change(input, entry.bytes);
        if let Some(change) = change.map_err(|e| Error::io(input, e))? {
            return Err(Error::source(input, "file", change));
        }
        if entry.datasets.is_empty() {
            refused.get_or_insert_with(|| nothing_to_read(input, &entry));
        }
        entries.push(entry);
    }
    if let (Some(error), true) = (refused, entries.iter().all(|entry| entry.datasets.is_empty())) {
        return Err(error);
    }
    let manifest = Manifest {
        version: version_for(&entries),
        split: options.split.to_string(),
        seed: options.seed,
        sources: entries,
    };
    let (path, text) = (folder.join(MANIFEST_NAME), manifest.to_bytes());
    // What is written must be read again.
    Manifest::parse(&path, &text)?;
    std::fs::write(&path, text).map_err(|e| Error::io(&path, e))?;
    Ok(manifest)
}

/// What was read of an input.
#[derive(Default)]
struct Read {
    datasets: Vec<DatasetEntry>,
    unread: Vec<Unread>,
    left_out: Vec<Unread>,
    structure: Option<Origin>,
    lost: Vec<Unread>,
    /// Length and BLAKE3 of the file.
    digest: (u64, String),
}

impl Read {
    fn into_entry(self, input: &Path, format: Format) -> SourceEntry {
        let Self { datasets, unread, left_out, structure, lost, digest: (bytes, blake3) } = self;
        SourceEntry {
            file: plain(&file_name(input)),
            format,
            bytes,
            blake3,
            datasets,
            unread,
            left_out,
            structure,
            lost,
        }
    }
}

/// Writes the streams of one input; `name` gives the name of the streams of a dataset.
fn source(
    input: &Path,
    source: &dyn Source,
    folder: &Path,
    options: &PrepareOptions,
    name: &mut dyn FnMut(&str) -> String,
    on_bytes: &mut OnBytes<'_>,
) -> Result<Read> {
    let (unread, mut missing) = (source.unread().to_vec(), source.left_out().to_vec());
    if let (true, Some(first)) = (options.strict, missing.iter().chain(&unread).next()) {
        return Err(Error::source(input, &first.name, format!("is not read: {}", first.reason)));
    }
    std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    // The digest is computed at the same time as the datasets are read, so that both use the same
    // cached bytes.
    let stop = AtomicBool::new(false);
    let (datasets, digest) = std::thread::scope(|scope| {
        let digest = scope.spawn(|| digest_of(input, &stop));
        let mut write = || {
            let mut datasets = Vec::new();
            for (number, info) in source.datasets().iter().enumerate() {
                let base = name(&info.name);
                match dataset(source, number, folder, &base, options, on_bytes) {
                    Ok(entry) => datasets.push(entry),
                    Err(Failed::Reading(error)) if !options.strict => {
                        missing.push(left_out(&info.name, error));
                    }
                    Err(Failed::Reading(error) | Failed::Writing(error)) => return Err(error),
                }
            }
            Ok(datasets)
        };
        let datasets = write();
        stop.store(datasets.is_err(), Ordering::Relaxed);
        (datasets, digest.join())
    });
    let datasets = datasets?;
    let digest =
        digest.map_err(|_| Error::source(input, "file", "its digest was not finished"))??;
    let (structure, lost) = (source.structure().cloned(), source.lost().to_vec());
    Ok(Read { datasets, unread, left_out: missing, structure, lost, digest })
}

/// The entry of a part that could not be read.
fn left_out(name: &str, error: Error) -> Unread {
    let reason = match error {
        // The file and the dataset are named beside the reason.
        Error::Source { part, message, .. } if part == name => message,
        Error::Source { part, message, .. } => format!("{part}: {message}"),
        other => other.to_string(),
    };
    Unread { name: name.to_owned(), reason }
}

fn nothing_to_read(input: &Path, entry: &SourceEntry) -> Error {
    let all = entry.left_out.iter().chain(&entry.unread);
    let reasons: Vec<String> = all.take(5).map(|u| format!("{}: {}", u.name, u.reason)).collect();
    let what = match reasons.len() {
        0 => "holds no dataset".to_owned(),
        _ => format!("holds no dataset that can be read ({})", reasons.join("; ")),
    };
    Error::source(input, "file", what)
}

/// Length and BLAKE3 of a file; after a stop, of the part that was read.
fn digest_of(path: &Path, stop: &AtomicBool) -> Result<(u64, String)> {
    let mut file = File::open(path).map_err(|e| Error::io(path, e))?;
    let mut digest = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    let mut len = 0;
    loop {
        let n = file.read(&mut buffer).map_err(|e| Error::io(path, e))?;
        if n == 0 || stop.load(Ordering::Relaxed) {
            return Ok((len, digest.finalize().to_hex().to_string()));
        }
        digest.update(&buffer[..n]);
        len += n as u64;
    }
}
