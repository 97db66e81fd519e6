//! Which formats there are, and which one a file has.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};
use vortex_coder::schema::Schema;

use crate::error::{Error, Result};
use crate::source::Source;
use crate::{hdf5, npy, root, safetensors, text};

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
