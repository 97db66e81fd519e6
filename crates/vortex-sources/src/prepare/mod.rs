//! From files of other programs to streams of records for training, and back.
//!
//! [`prepare`] writes, for every dataset of every input, one `.bin` file of records (row layout)
//! or one for each number type (column layout), each with its `.schema.yaml`, and a
//! [`Manifest`]. [`restore`] restores the datasets of the inputs, bit for bit.

mod choose;
mod manifest;
mod order;
mod restore;
mod streams;

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use vortex_base::unchanged::Before;
use vortex_data::{SplitRatios, write_schema};

use crate::error::{Error, Result};
use crate::formats::open_known;
use crate::pieces::file_name;
use crate::source::{Source, Unread};
use crate::stored::OnBytes;

pub use choose::{Costs, LayoutRule, SAMPLE_BYTES, TRAINING_MARGIN, measure};
pub use manifest::{
    DatasetEntry, FieldEntry, Layout, MANIFEST_NAME, MANIFEST_VERSION, MAX_MANIFEST_BYTES,
    Manifest, SourceEntry, StreamEntry, is_plain_name,
};
pub use order::{Order, Piece, groups};
pub use restore::{Restored, restore, restored_names};
pub use streams::{CHUNK_BYTES, Place, Placement, Streams, stream_names, stream_schema};

/// Number of chunks that wait for the writing thread.
const CHUNKS_IN_FLIGHT: usize = 3;

/// How to prepare.
#[derive(Clone, Debug, Default)]
pub struct PrepareOptions {
    /// How the layout of each dataset is chosen.
    pub layout: LayoutRule,
    /// Shares of train, validation and test.
    pub split: SplitRatios,
    /// Shuffles runs of records before the split.
    pub seed: Option<u64>,
}

/// Prepares files into a folder, which is created if needed. The manifest is written last.
///
/// # Errors
/// [`Error::Io`]; [`Error::Source`] for damaged inputs, and for inputs without a single dataset
/// that can be read.
pub fn prepare(
    inputs: &[PathBuf],
    folder: &Path,
    options: &PrepareOptions,
    on_bytes: &mut OnBytes<'_>,
) -> Result<Manifest> {
    let mut names = Names::default();
    let mut entries = Vec::new();
    for input in inputs {
        let before = std::fs::metadata(input).map_err(|e| Error::io(input, e))?;
        let (format, source) = open_known(input)?;
        if source.datasets().is_empty() {
            return Err(nothing_to_read(input, source.unread()));
        }
        std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        let prefix = (inputs.len() > 1).then(|| stem(input));
        // The digest is computed at the same time as the datasets are read, so that both use the
        // same cached bytes.
        let stop = AtomicBool::new(false);
        let (datasets, digest) = std::thread::scope(|scope| {
            let digest = scope.spawn(|| digest_of(input, &stop));
            let datasets = (0..source.datasets().len())
                .map(|number| {
                    let name = &source.datasets()[number].name;
                    let base = names.base(prefix.as_deref(), name);
                    let base = base.map_err(|what| Error::source(input, name, what))?;
                    dataset(source.as_ref(), number, folder, &base, options, on_bytes)
                })
                .collect::<Result<Vec<_>>>();
            stop.store(datasets.is_err(), Ordering::Relaxed);
            (datasets, digest.join())
        });
        let datasets = datasets?;
        let (bytes, blake3) =
            digest.map_err(|_| Error::source(input, "file", "its digest was not finished"))??;
        let change = Before::of(&before).change(input, bytes).map_err(|e| Error::io(input, e))?;
        if let Some(change) = change {
            let what = format!("{change}; do it again when no other program writes to it");
            return Err(Error::source(input, "file", what));
        }
        entries.push(SourceEntry {
            file: file_name(input),
            format,
            bytes,
            blake3,
            datasets,
            unread: source.unread().to_vec(),
        });
    }
    let manifest = Manifest {
        version: MANIFEST_VERSION,
        split: options.split.to_string(),
        seed: options.seed,
        sources: entries,
    };
    let path = folder.join(MANIFEST_NAME);
    std::fs::write(&path, manifest.to_bytes()).map_err(|e| Error::io(&path, e))?;
    Ok(manifest)
}

/// Writes the streams of one dataset.
fn dataset(
    source: &dyn Source,
    number: usize,
    folder: &Path,
    base: &str,
    options: &PrepareOptions,
    on_bytes: &mut OnBytes<'_>,
) -> Result<DatasetEntry> {
    let info = &source.datasets()[number];
    let layout = options.layout.layout(&info.schema, || sample(source, number))?;
    let order = Order::new(info.n_records, info.records_per_event, &options.split, options.seed);
    let split = [order.parts()[0].end, order.parts()[1].end, order.parts()[2].end];
    let files = stream_names(base, &info.schema, layout);
    let paths: Vec<PathBuf> = files.iter().map(|name| folder.join(name)).collect();
    let placement = Placement::new(info.schema.clone(), order, layout);
    let streams = Streams::open(&paths, placement, false)?;
    let blake3 = copy(source, number, streams, on_bytes)?;

    let all: Vec<Vec<usize>> = match layout {
        Layout::Row => vec![(0..info.schema.fields().len()).collect()],
        Layout::Column => groups(&info.schema),
    };
    let mut entries = Vec::new();
    for ((file, path), fields) in files.into_iter().zip(&paths).zip(&all) {
        let schema = stream_schema(&info.schema, layout, fields);
        write_schema(&path.with_extension("schema.yaml"), &schema)?;
        let bytes = std::fs::metadata(path).map_err(|e| Error::io(path, e))?.len();
        // Fields of a record, at most 65,535.
        let fields = fields.iter().map(|f| *f as u32).collect();
        entries.push(StreamEntry { file, bytes, fields });
    }
    let field = |f: &vortex_coder::schema::Field| FieldEntry {
        name: f.name.clone(),
        dtype: f.dtype.numpy(f.big_endian),
        offset: f.offset,
    };
    Ok(DatasetEntry {
        name: info.name.clone(),
        shape: info.shape.clone(),
        origin: info.origin.clone(),
        records: info.n_records,
        records_per_event: info.records_per_event,
        fields: info.schema.fields().iter().map(field).collect(),
        stride: info.schema.stride() as u32,
        blake3,
        layout,
        split,
        streams: entries,
    })
}

/// Moves all records from the source into the streams, which another thread writes. Returns the
/// digest of the records in the order of the source.
fn copy(
    source: &dyn Source,
    number: usize,
    mut streams: Streams,
    on_bytes: &mut OnBytes<'_>,
) -> Result<String> {
    let info = &source.datasets()[number];
    let stride = info.schema.stride();
    let chunk_bytes = streams.chunk_records() as usize * stride;
    let (sender, receiver): (SyncSender<Vec<u8>>, Receiver<Vec<u8>>) =
        sync_channel(CHUNKS_IN_FLIGHT);
    let (spare_sender, spare) = sync_channel::<Vec<u8>>(CHUNKS_IN_FLIGHT + 1);
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || -> Result<blake3::Hash> {
            let mut digest = blake3::Hasher::new();
            let mut first = 0;
            for mut chunk in receiver {
                digest.update(&chunk);
                streams.write(first, &chunk)?;
                first += (chunk.len() / stride) as u64;
                chunk.clear();
                let _ = spare_sender.try_send(chunk);
            }
            Ok(digest.finalize())
        });
        let mut chunk = Vec::with_capacity(chunk_bytes);
        let mut total = 0u64;
        let streamed = source.stream(number, &mut |mut piece| {
            total += piece.len() as u64;
            on_bytes(piece.len() as u64);
            while !piece.is_empty() {
                let take = piece.len().min(chunk_bytes - chunk.len());
                let (now, later) = piece.split_at(take);
                chunk.extend_from_slice(now);
                piece = later;
                if chunk.len() == chunk_bytes {
                    let next = spare.try_recv().unwrap_or_else(|_| Vec::with_capacity(chunk_bytes));
                    if sender.send(std::mem::replace(&mut chunk, next)).is_err() {
                        // The writer failed; its error is reported below.
                        return Ok(ControlFlow::Break(()));
                    }
                }
            }
            Ok(ControlFlow::Continue(()))
        });
        if streamed.is_ok() && !chunk.is_empty() {
            let _ = sender.send(chunk);
        }
        drop(sender);
        let written = writer.join();
        streamed?;
        let stopped = || Error::source(Path::new(&info.name), "streams", "the writer stopped");
        let digest = written.map_err(|_| stopped())??;
        if total != info.n_bytes() {
            let what = format!("{total} bytes were read; {} were expected", info.n_bytes());
            return Err(Error::source(Path::new(&info.name), "dataset", what));
        }
        Ok(digest.to_hex().to_string())
    })
}

/// The first records.
fn sample(source: &dyn Source, number: usize) -> Result<Vec<u8>> {
    let mut sample = Vec::new();
    source.stream(number, &mut |piece| {
        let take = piece.len().min(SAMPLE_BYTES - sample.len());
        sample.extend_from_slice(&piece[..take]);
        let full = sample.len() == SAMPLE_BYTES;
        Ok(if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(sample)
}

fn nothing_to_read(input: &Path, unread: &[Unread]) -> Error {
    let reasons: Vec<String> =
        unread.iter().take(5).map(|u| format!("{}: {}", u.name, u.reason)).collect();
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

/// File names that are taken.
#[derive(Debug, Default)]
struct Names(HashSet<String>);

impl Names {
    /// A file name for a dataset, without extension.
    fn base(&mut self, prefix: Option<&str>, name: &str) -> std::result::Result<String, String> {
        let full = match prefix {
            Some(prefix) => format!("{prefix}.{name}"),
            None => name.to_owned(),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+#".contains(c);
        let clean: String = full
            .chars()
            .map(|c| {
                if c == '/' {
                    '.'
                } else if plain(c) {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        let clean: String = clean.trim_start_matches('.').chars().take(180).collect();
        let clean = if clean.is_empty() { "data".to_owned() } else { clean };
        // Some file systems ignore case.
        for count in 1..=u32::MAX {
            let base = if count == 1 { clean.clone() } else { format!("{clean}~{count}") };
            if self.0.insert(base.to_lowercase()) {
                return Ok(base);
            }
        }
        Err("no file name is left".into())
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "data".into(), |name| name.to_string_lossy().into_owned())
}
