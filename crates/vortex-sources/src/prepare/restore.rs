//! From streams back to files of datasets.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use vortex_coder::schema::{DType, Field, FieldCoding, Schema};
use vortex_data::SplitRatios;

use super::digest_of;
use super::manifest::{DatasetEntry, MANIFEST_NAME, Manifest, SourceEntry};
use super::order::Order;
use super::streams::{CHUNK_BYTES, Placement, Streams, stream_fields, stream_names, stream_schema};
use crate::error::{Error, Result};
use crate::formats::RestoredAs;
use crate::source::Origin;
use crate::stored::{OnBytes, Records, Stored, refuse};
use crate::unique_names::UniqueNames;

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Its path.
    pub path: PathBuf,
    /// Number of its datasets.
    pub datasets: usize,
    /// Whether its bytes equal those of the original file; otherwise only its values do.
    pub same_bytes: bool,
    /// Name of the first stream that its values come from.
    pub stream: Option<String>,
}

/// Writes the files of a manifest into a folder: HDF5 as HDF5, arrays as `.npy` and `.npz`,
/// safetensors and bytes unchanged. Every dataset is checked against its digest.
///
/// # Errors
/// [`Error::Io`]; [`Error::Source`] for a manifest that does not describe the streams beside it,
/// for values whose digest differs from the stored one, and for outputs that exist.
pub fn restore(
    manifest: &Manifest,
    streams: &Path,
    folder: &Path,
    on_bytes: &mut OnBytes<'_>,
) -> Result<Vec<Restored>> {
    std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    let mut restored = Vec::new();
    for (source, names) in manifest.sources.iter().zip(names(manifest)) {
        let mut datasets = Vec::new();
        for entry in &source.datasets {
            datasets.push(Dataset::find(manifest, entry, streams)?);
        }
        restored.extend(files(source, datasets, names, folder, on_bytes)?);
    }
    Ok(restored)
}

/// Names of the files that [`restore`] writes, in its order.
pub fn restored_names(manifest: &Manifest) -> Vec<String> {
    names(manifest).into_iter().flatten().collect()
}

/// The names of the files of each source. Inputs from different folders may have the same name, and
/// so may members of an archive: then the later ones get a number.
fn names(manifest: &Manifest) -> Vec<Vec<String>> {
    let mut taken = UniqueNames::of_files();
    let mut unique = |name: String| {
        let (stem, extension) = match name.rfind('.') {
            Some(at @ 1..) => name.split_at(at),
            _ => (name.as_str(), ""),
        };
        taken.take(&name, |n| format!("{stem}~{n}{extension}"))
    };
    let of_source = |source| names_of(source).into_iter().map(&mut unique).collect();
    manifest.sources.iter().map(of_source).collect()
}

fn names_of(source: &SourceEntry) -> Vec<String> {
    if source.datasets.is_empty() && source.structure.is_none() {
        // All of it was left out.
        return Vec::new();
    }
    match source.format.row().restored_as {
        RestoredAs::FileEach => source.datasets.iter().map(|entry| plain(&entry.name)).collect(),
        RestoredAs::Other(extension) => vec![format!("{}.{extension}", source.file)],
        RestoredAs::SameBytes | RestoredAs::NewFile => vec![source.file.clone()],
    }
}

fn files(
    source: &SourceEntry,
    mut datasets: Vec<Dataset<'_>>,
    names: Vec<String>,
    folder: &Path,
    on_bytes: &mut OnBytes<'_>,
) -> Result<Vec<Restored>> {
    let restored_as = source.format.row().restored_as;
    let each = if restored_as == RestoredAs::FileEach { 1 } else { datasets.len().max(1) };
    let mut all = Vec::new();
    let mut rest = datasets.as_mut_slice();
    for name in names {
        let (now, later) = rest.split_at_mut(each.min(rest.len()));
        rest = later;
        let path = folder.join(name);
        let write = source.format.writer(&path)?;
        let file = File::create_new(&path).map_err(|e| match e.kind() {
            ErrorKind::AlreadyExists => {
                Error::source(&path, "restored file", "exists already; name another folder")
            }
            _ => Error::io(&path, e),
        })?;
        let mut stored: Vec<&mut dyn Stored> = now.iter_mut().map(|d| d as _).collect();
        let out = BufWriter::with_capacity(1 << 20, &file);
        let written = write(out, source.structure.as_ref(), &mut stored, on_bytes);
        if let Err(error) = written.and_then(|()| file.sync_all()) {
            // An incomplete file would look like a complete one.
            let _ = std::fs::remove_file(&path);
            return Err(Error::source(&path, "restored file", error.to_string()));
        }
        if restored_as == RestoredAs::SameBytes {
            compare(&path, source)?;
        }
        let same_bytes = matches!(restored_as, RestoredAs::SameBytes | RestoredAs::FileEach);
        let stream = now.iter().find_map(|dataset| dataset.entry.streams.first());
        let stream = stream.map(|stream| stream.file.clone());
        all.push(Restored { path, datasets: now.len(), same_bytes, stream });
    }
    Ok(all)
}

/// Compares a file with the original, whose bytes it should have; removes it if it differs.
fn compare(path: &Path, source: &SourceEntry) -> Result<()> {
    let (_, found) = digest_of(path, &AtomicBool::new(false))?;
    if found == source.blake3 {
        return Ok(());
    }
    let _ = std::fs::remove_file(path);
    let what = format!(
        "has the BLAKE3 {found}; the original had {}: a part of it is missing or changed. Prepare \
         the original again",
        source.blake3
    );
    Err(Error::source(path, "restored file", what))
}

/// Longest name of a file; a number may follow.
const MAX_FILE_NAME: usize = 240;

/// A name that every file system takes.
pub(super) fn plain(name: &str) -> String {
    let mut clean: String =
        name.chars().map(|c| if c == '/' || c == '\\' || c == '\0' { '_' } else { c }).collect();
    if clean.len() > MAX_FILE_NAME {
        let cut = (0..=MAX_FILE_NAME).rev().find(|at| clean.is_char_boundary(*at));
        clean.truncate(cut.unwrap_or_default());
    }
    match clean.as_str() {
        "" | "." | ".." => "data".into(),
        _ => clean,
    }
}

/// A dataset of a manifest whose streams exist and have the right lengths.
struct Dataset<'a> {
    manifest: &'a Manifest,
    entry: &'a DatasetEntry,
    paths: Vec<PathBuf>,
}

impl<'a> Dataset<'a> {
    fn find(manifest: &'a Manifest, entry: &'a DatasetEntry, folder: &Path) -> Result<Self> {
        let refuse = |what: String| Error::source(folder, &entry.name, what);
        let placement = entry.placement(manifest)?;
        let n_streams = stream_names("", placement.schema(), entry.layout).len();
        if n_streams != entry.streams.len() {
            return Err(refuse(format!(
                "{} streams; {n_streams} were expected",
                entry.streams.len()
            )));
        }
        let due = entry.records.checked_mul(entry.stride.into());
        let mut held = Some(0u64);
        let mut paths = Vec::new();
        for stream in &entry.streams {
            let path = folder.join(&stream.file);
            let len = std::fs::metadata(&path).map_err(|e| Error::io(&path, e))?.len();
            if len != stream.bytes {
                let what = format!(
                    "{} has {len} bytes and had {} when it was prepared; prepare the original again",
                    stream.file, stream.bytes
                );
                return Err(refuse(what));
            }
            held = held.and_then(|n| n.checked_add(len));
            paths.push(path);
        }
        if due.is_none() || held != due {
            let held = held.unwrap_or(u64::MAX);
            let DatasetEntry { records, stride, .. } = entry;
            return Err(refuse(format!("{held} bytes; {records} records of {stride} need others")));
        }
        Ok(Self { manifest, entry, paths })
    }
}

impl Stored for Dataset<'_> {
    fn name(&self) -> &str {
        &self.entry.name
    }

    fn shape(&self) -> &[u64] {
        &self.entry.shape
    }

    fn origin(&self) -> &Origin {
        &self.entry.origin
    }

    fn n_bytes(&self) -> u64 {
        self.entry.records.saturating_mul(self.entry.stride.into())
    }

    fn write(&mut self, out: &mut dyn Write, on_bytes: &mut OnBytes<'_>) -> io::Result<()> {
        let mut records = self.records()?;
        let step = (CHUNK_BYTES as u64 / u64::from(self.entry.stride.max(1))).max(1);
        let mut chunk = Vec::new();
        let mut left = self.entry.records;
        while left > 0 {
            let n = left.min(step);
            records.read(n, &mut chunk)?;
            out.write_all(&chunk)?;
            on_bytes(chunk.len() as u64);
            left -= n;
        }
        records.finish()
    }

    fn records(&self) -> io::Result<Box<dyn Records + '_>> {
        let placement = self.entry.placement(self.manifest);
        let placement = placement.map_err(|e| refuse(&self.entry.name, e))?;
        let (digest, at) = (blake3::Hasher::new(), 0);
        Ok(Box::new(InOrder { dataset: self, placement: Some(placement), digest, at }))
    }
}

/// The records of a dataset, in the order of its source.
struct InOrder<'a> {
    dataset: &'a Dataset<'a>,
    /// There between reads.
    placement: Option<Placement>,
    digest: blake3::Hasher,
    at: u64,
}

impl Records for InOrder<'_> {
    fn read(&mut self, n: u64, out: &mut Vec<u8>) -> io::Result<()> {
        let Dataset { entry, paths, .. } = self.dataset;
        let end = self.at.checked_add(n).filter(|end| *end <= entry.records);
        let (Some(end), Some(placement)) = (end, self.placement.take()) else {
            let what = format!(
                "records {} to {} of {}",
                self.at,
                u128::from(self.at) + u128::from(n),
                entry.records
            );
            return Err(refuse(&entry.name, what));
        };
        // Open only now: a file may have more datasets than files can be open.
        let read = Streams::open(paths, placement, true).and_then(|mut streams| {
            streams.read(self.at..end, out)?;
            Ok(streams.into_placement())
        });
        self.placement = Some(read.map_err(|e| refuse(&entry.name, e))?);
        self.digest.update(out);
        self.at = end;
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        let entry = self.dataset.entry;
        if self.at != entry.records {
            let what = format!("{} of its {} records are needed", self.at, entry.records);
            return Err(refuse(&entry.name, what));
        }
        let found = self.digest.finalize().to_hex();
        if found.as_str() != entry.blake3 {
            let what = format!(
                "its streams changed since they were prepared (BLAKE3 {found}, {} in the \
                 manifest); prepare the original again",
                entry.blake3
            );
            return Err(refuse(&entry.name, what));
        }
        Ok(())
    }
}

impl DatasetEntry {
    /// The places of its records in its streams.
    ///
    /// # Errors
    /// [`Error::Source`] for fields that do not form a record, [`Error::Data`] for an invalid
    /// split.
    pub fn placement(&self, manifest: &Manifest) -> Result<Placement> {
        let refuse = |what: String| Error::source(Path::new(MANIFEST_NAME), &self.name, what);
        let schema = schema_of(self).map_err(refuse)?;
        let split: SplitRatios = manifest.split.parse()?;
        let order = Order::new(self.records, self.records_per_event, &split, manifest.seed);
        Ok(Placement::new(schema, order, self.layout))
    }

    /// The schema of each stream, with its file name.
    ///
    /// # Errors
    /// [`Error::Source`] for fields that do not form a record, or streams that do not match the
    /// fields.
    pub fn stream_schemas(&self) -> Result<Vec<(String, Schema)>> {
        let refuse = |what: String| Error::source(Path::new(MANIFEST_NAME), &self.name, what);
        let schema = schema_of(self).map_err(refuse)?;
        let all = stream_fields(&schema, self.layout);
        if all.len() != self.streams.len() {
            let what = format!("{} streams; {} were expected", self.streams.len(), all.len());
            return Err(refuse(what));
        }
        let schemas = all.iter().map(|group| stream_schema(&schema, self.layout, group));
        Ok(self.streams.iter().map(|s| s.file.clone()).zip(schemas).collect())
    }
}

fn schema_of(entry: &DatasetEntry) -> std::result::Result<Schema, String> {
    let mut fields = Vec::new();
    for field in &entry.fields {
        let (dtype, big_endian) = DType::parse_numpy(&field.dtype)
            .ok_or_else(|| format!("field {:?}: unknown dtype {:?}", field.name, field.dtype))?;
        fields.push(Field {
            big_endian: big_endian && dtype.size() > 1,
            coding: FieldCoding::usual(dtype),
            ..Field::new(&field.name, dtype, field.offset)
        });
    }
    Schema::new(entry.stride as usize, fields).map_err(|e| e.message)
}
