//! Files of other programs as streams of records.
//!
//! | format | read as |
//! |---|---|
//! | HDF5 | every dataset of numbers, enums, fixed strings, compounds and arrays of them |
//! | `.npy`, `.npz` | arrays, structured ones too |
//! | safetensors | tensors |
//! | ROOT | a table for each tree, and one for each collection of jagged columns |
//! | text, plain or as `.gz`, `.tar.gz` | bytes, a dataset for each file inside |
//!
//! Bytes come as they are stored, padding and byte order included; the [`Schema`] says which. What
//! cannot be read is listed in [`Source::unread`] with the reason.

pub mod fields;
pub mod hdf5;
pub mod npy;
mod pieces;
pub mod root;
pub mod safetensors;
pub mod text;

use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;

use serde::{Deserialize, Serialize};
use vortex_coder::schema::Schema;

use crate::error::{Error, Result};

/// Bytes handed on at a time, about.
pub const PIECE_BYTES: usize = 4 << 20;

/// What an input file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// HDF5.
    Hdf5,
    /// One numpy array.
    Npy,
    /// A zip of numpy arrays.
    Npz,
    /// Tensors of safetensors.
    Safetensors,
    /// Trees of ROOT.
    Root,
    /// Bytes, plain or in `.gz` or `.tar.gz`.
    Bytes,
}

/// How the program that a dataset comes from describes it: what is needed to write it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Origin {
    /// An HDF5 dataset.
    Hdf5 {
        /// Its datatype message, in hexadecimal.
        datatype: String,
        /// A dataset of the null dataspace, which has no elements and no shape.
        null: bool,
    },
    /// A numpy array.
    Npy {
        /// `descr` of the header, a Python literal.
        descr: String,
        /// Whether the first index varies fastest.
        fortran_order: bool,
    },
    /// The bytes of a file.
    Bytes,
}

/// A dataset of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetInfo {
    /// As the source names it; unique there.
    pub name: String,
    /// What a record is.
    pub schema: Schema,
    /// Records in all.
    pub n_records: u64,
    /// Records that belong together and are never parted by a split: those of one index of the
    /// first dimension.
    pub records_per_event: u64,
    /// Lengths of the dimensions.
    pub shape: Vec<u64>,
    /// How to write it again.
    pub origin: Origin,
}

impl DatasetInfo {
    /// `len` bytes that mean nothing in particular.
    pub fn bytes(name: String, len: u64) -> Self {
        Self {
            name,
            schema: Schema::bytes(),
            n_records: len,
            records_per_event: 1,
            shape: vec![len],
            origin: Origin::Bytes,
        }
    }

    /// Bytes of all records.
    pub fn n_bytes(&self) -> u64 {
        self.n_records.saturating_mul(self.schema.stride() as u64)
    }
}

/// Something in a source that is not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// As the source names it.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// What takes in the bytes of a dataset, in order; [`ControlFlow::Break`] ends the stream early.
pub type Sink<'a> = dyn FnMut(&[u8]) -> Result<ControlFlow<()>> + 'a;

/// A file of datasets.
pub trait Source {
    /// What the file is.
    fn format(&self) -> Format;

    /// The datasets, in the order of the file.
    fn datasets(&self) -> &[DatasetInfo];

    /// What is in the file and not among the datasets.
    fn unread(&self) -> &[Unread] {
        &[]
    }

    /// Gives out the bytes of a dataset in pieces of any length: `n_bytes` in all, unless the
    /// sink breaks off.
    ///
    /// # Errors
    /// [`Error::Source`] for what the file does not hold, [`Error::Io`], and errors of the sink.
    fn stream(&self, dataset: usize, sink: &mut Sink<'_>) -> Result<()>;
}

/// Opens a file of any format; the first bytes say which.
///
/// # Errors
/// [`Error::Io`]; [`Error::Source`] for a damaged file, and for one whose name says another format
/// than its first bytes.
pub fn open(path: &Path) -> Result<Box<dyn Source>> {
    if path.is_dir() {
        return Err(Error::source(path, "input", "is a folder; name the files in it"));
    }
    Ok(match format_of(path)? {
        Format::Hdf5 => Box::new(hdf5::Hdf5Source::open(path)?),
        Format::Npy => Box::new(npy::NpySource::open(path)?),
        Format::Npz => Box::new(npy::NpzSource::open(path)?),
        Format::Safetensors => Box::new(safetensors::SafetensorsSource::open(path)?),
        Format::Root => Box::new(root::RootSource::open(path)?),
        Format::Bytes => {
            refuse_misnamed(path)?;
            Box::new(text::BytesSource::open(path)?)
        }
    })
}

/// A broken download should not pass as a file of bytes.
fn refuse_misnamed(path: &Path) -> Result<()> {
    const NAMES: [(&str, &str); 5] =
        [("h5", "HDF5"), ("hdf5", "HDF5"), ("root", "ROOT"), ("npy", "npy"), ("npz", "npz")];
    let extension = path.extension().unwrap_or_default();
    match NAMES.iter().find(|(name, _)| extension.eq_ignore_ascii_case(name)) {
        None => Ok(()),
        Some((name, format)) => {
            let what = format!(
                "is named .{name} but does not begin as a {format} file does: is it whole? To take \
                 it as mere bytes, give it another name"
            );
            Err(Error::source(path, "first bytes", what))
        }
    }
}

/// The parts of a file that is nothing but a header and numbers (`.npy`, safetensors), in order:
/// their bytes, and what a record of them is. Laid end to end they are the file. `None` for files
/// of any other form, and for damaged ones.
pub fn segments(path: &Path) -> Option<Vec<(u64, Schema)>> {
    let parts: Vec<(u64, Schema)> = match format_of(path).ok()? {
        Format::Npy => {
            let source = npy::NpySource::open(path).ok()?;
            let array = source.datasets().first()?;
            vec![(source.header_bytes(), Schema::bytes()), (array.n_bytes(), array.schema.clone())]
        }
        Format::Safetensors => {
            let source = safetensors::SafetensorsSource::open(path).ok()?;
            source.datasets().iter().map(|d| (d.n_bytes(), d.schema.clone())).collect()
        }
        _ => return None,
    };
    let mut segments: Vec<(u64, Schema)> = Vec::new();
    for (bytes, schema) in parts.into_iter().filter(|(bytes, _)| *bytes > 0) {
        match segments.last_mut() {
            Some((total, last)) if *last == schema => *total += bytes,
            _ => segments.push((bytes, schema)),
        }
    }
    Some(segments)
}

/// What a file is, by its first bytes; safetensors, which have no magic, also by their name.
///
/// # Errors
/// [`Error::Io`].
pub fn format_of(path: &Path) -> Result<Format> {
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(16).read_to_end(&mut start))
        .map_err(|e| Error::io(path, e))?;
    let zip = start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06");
    let named = |extension: &str| path.extension().is_some_and(|e| e == extension);
    Ok(if hdf5::is_hdf5(path, &start)? {
        Format::Hdf5
    } else if start.starts_with(b"root") {
        Format::Root
    } else if start.starts_with(npy::MAGIC) {
        Format::Npy
    } else if zip && named("npz") {
        Format::Npz
    } else if named("safetensors") {
        Format::Safetensors
    } else {
        Format::Bytes
    })
}

/// The name of a file without its folder.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| "data".into(), |name| name.to_string_lossy().into_owned())
}
