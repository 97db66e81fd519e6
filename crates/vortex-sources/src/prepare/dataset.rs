//! One dataset: from its source into its streams.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use vortex_coder::schema::Field;
use vortex_data::write_schema;

use super::PrepareOptions;
use super::choose::SAMPLE_BYTES;
use super::manifest::{DatasetEntry, FieldEntry, StreamEntry};
use super::order::Order;
use super::streams::{Placement, Streams, stream_fields, stream_names, stream_schema};
use crate::error::{Error, Result};
use crate::source::Source;
use crate::stored::OnBytes;

/// Number of chunks that wait for the writing thread.
const CHUNKS_IN_FLIGHT: usize = 3;

/// The reason why a dataset has no streams.
pub(super) enum Failed {
    /// It cannot be read; the others may be healthy.
    Reading(Error),
    /// Its streams cannot be written.
    Writing(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Writing(error)
    }
}

impl From<vortex_data::Error> for Failed {
    fn from(error: vortex_data::Error) -> Self {
        Self::Writing(error.into())
    }
}

/// Writes the streams of one dataset.
pub(super) fn dataset(
    source: &dyn Source,
    number: usize,
    folder: &Path,
    base: &str,
    options: &PrepareOptions,
    on_bytes: &mut OnBytes<'_>,
) -> std::result::Result<DatasetEntry, Failed> {
    let info = &source.datasets()[number];
    let layout = options.layout.layout(&info.schema, || sample(source, number));
    let layout = layout.map_err(Failed::Reading)?;
    let order = Order::new(info.n_records, info.records_per_event, &options.split, options.seed);
    let split = [order.parts()[0].end, order.parts()[1].end, order.parts()[2].end];
    let files = stream_names(base, &info.schema, layout);
    let paths: Vec<PathBuf> = files.iter().map(|name| folder.join(name)).collect();
    let placement = Placement::new(info.schema.clone(), order, layout);
    let streams = Streams::open(&paths, placement, false)?;
    let blake3 = copy(source, number, streams, on_bytes).inspect_err(|_| {
        for path in &paths {
            let _ = std::fs::remove_file(path);
        }
    })?;

    let all = stream_fields(&info.schema, layout);
    let mut entries = Vec::new();
    for ((file, path), fields) in files.into_iter().zip(&paths).zip(&all) {
        let schema = stream_schema(&info.schema, layout, fields);
        write_schema(&path.with_extension("schema.yaml"), &schema)?;
        let bytes = std::fs::metadata(path).map_err(|e| Error::io(path, e))?.len();
        // Fields of a record, at most 65,535.
        let fields = fields.iter().map(|f| *f as u32).collect();
        entries.push(StreamEntry { file, bytes, fields });
    }
    let field = |f: &Field| FieldEntry {
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
) -> std::result::Result<String, Failed> {
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
        let stopped = || Error::source(Path::new(&info.name), "streams", "the writer stopped");
        let digest = written.map_err(|_| stopped())??;
        streamed.map_err(Failed::Reading)?;
        if total != info.n_bytes() {
            let what = format!("{total} bytes were read; {} were expected", info.n_bytes());
            return Err(Failed::Reading(Error::source(Path::new(&info.name), &info.name, what)));
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
