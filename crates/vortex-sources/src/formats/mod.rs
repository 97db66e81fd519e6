//! The supported formats, in one table: [`FORMATS`].
//!
//! A new format is a folder here and a row of the table, with its name for manifests in [`Format`].

#[cfg(feature = "arrow")]
pub mod arrow;
pub mod bytes;
pub mod fits;
#[cfg(feature = "hdf5")]
pub mod hdf5;
mod head;
pub mod npy;
#[cfg(feature = "root")]
pub mod root;
pub mod safetensors;

use std::path::Path;

use serde::{Deserialize, Serialize};
use vortex_coder::schema::Schema;

use crate::error::{Error, Result};
use crate::source::Source;
use crate::stored::Writer;
use head::Head;

/// The format of an input file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// HDF5.
    Hdf5,
    /// One numpy array.
    Npy,
    /// A zip of numpy arrays.
    Npz,
    /// Images and tables of FITS.
    Fits,
    /// Tensors of safetensors.
    Safetensors,
    /// Trees of ROOT.
    Root,
    /// Parquet.
    Parquet,
    /// Files and streams of Arrow.
    Arrow,
    /// Bytes, plain or in `.gz` or `.tar.gz`.
    Bytes,
}

/// The properties of a format.
#[derive(Debug)]
pub struct Row {
    /// The format.
    pub format: Format,
    /// Its usual name.
    pub title: &'static str,
    /// The endings of its file names.
    pub extensions: &'static [&'static str],
    /// How values are stored in its files.
    pub values: Values,
    /// How a prepared file is restored.
    pub restored_as: RestoredAs,
    /// Whether a file has this format. The first row that returns true is used.
    sniff: fn(&Head<'_>) -> Result<bool>,
    /// The code that reads and writes its files; `None` if the program is built without the format.
    code: Option<Code>,
}

#[derive(Clone, Copy, Debug)]
struct Code {
    open: fn(&Path) -> Result<Box<dyn Source>>,
    /// Writes a file of prepared datasets.
    write: Writer,
}

/// How values are stored in the files of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// One after the other, after a header.
    Plain,
    /// Compressed, or between other data.
    Inside,
    /// No values, only bytes.
    None,
}

/// How a prepared file is restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoredAs {
    /// The same bytes under the same name.
    SameBytes,
    /// A new file with the same values, under the same name.
    NewFile,
    /// A file of another format with the same values, under the same name with this ending
    /// appended.
    Other(&'static str),
    /// A file for each dataset, with the same bytes.
    FileEach,
}

/// The code of a format in a build with the feature.
macro_rules! with {
    ($feature:literal, open: $open:expr, write: $write:expr $(,)?) => {{
        #[cfg(feature = $feature)]
        let code = Some(Code { open: $open, write: $write });
        #[cfg(not(feature = $feature))]
        let code = None;
        code
    }};
}

/// First bytes of an HDF5 file, or of its superblock after a user block.
const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

/// First bytes of a Parquet file, and of an Arrow file.
const PARQUET: &[u8] = b"PAR1";
const ARROW: &[u8] = b"ARROW1\0\0";

/// Whether a file is a stream of Arrow, which begins with four bytes 0xff and a schema.
fn is_arrow_stream(file: &Head<'_>) -> Result<bool> {
    #[cfg(feature = "arrow")]
    return arrow::ipc::is_stream(file.path());
    #[cfg(not(feature = "arrow"))]
    Ok(file.is_named(&["arrows"]))
}

/// All formats, in the order in which they are tried.
pub static FORMATS: [Row; 9] = [
    Row {
        format: Format::Hdf5,
        title: "HDF5",
        extensions: &["h5", "hdf5"],
        values: Values::Inside,
        restored_as: RestoredAs::NewFile,
        sniff: |file| {
            let named = file.is_named(&["h5", "hdf5"]);
            Ok(file.begins(HDF5) || named && file.has_behind_a_block(HDF5)?)
        },
        code: with!(
            "hdf5",
            open: |path| Ok(Box::new(hdf5::Hdf5Source::open(path)?)),
            write: hdf5::write,
        ),
    },
    Row {
        format: Format::Root,
        title: "ROOT",
        extensions: &["root"],
        values: Values::Inside,
        // ROOT is not written: its tables become structured arrays.
        restored_as: RestoredAs::Other("npz"),
        sniff: |file| Ok(file.begins(b"root")),
        code: with!(
            "root",
            open: |path| Ok(Box::new(root::RootSource::open(path)?)),
            write: |out, _, datasets, on_bytes| npy::write_npz(out, datasets, on_bytes),
        ),
    },
    Row {
        format: Format::Parquet,
        title: "Parquet",
        extensions: &["parquet", "pq"],
        values: Values::Inside,
        restored_as: RestoredAs::NewFile,
        sniff: |file| Ok(file.begins(PARQUET)),
        code: with!(
            "arrow",
            open: |path| Ok(Box::new(arrow::parquet::ParquetSource::open(path)?)),
            write: arrow::parquet::write,
        ),
    },
    Row {
        format: Format::Arrow,
        title: "Arrow",
        extensions: &["arrow", "arrows", "feather", "ipc"],
        values: Values::Inside,
        restored_as: RestoredAs::NewFile,
        sniff: |file| Ok(file.begins(ARROW) || file.begins(&[0xff; 4]) && is_arrow_stream(file)?),
        code: with!(
            "arrow",
            open: |path| Ok(Box::new(arrow::ipc::IpcSource::open(path)?)),
            write: arrow::ipc::write,
        ),
    },
    Row {
        format: Format::Npy,
        title: "npy",
        extensions: &["npy"],
        values: Values::Plain,
        restored_as: RestoredAs::NewFile,
        sniff: |file| Ok(file.begins(npy::MAGIC)),
        code: Some(Code {
            open: |path| Ok(Box::new(npy::NpySource::open(path)?)),
            write: |out, _, datasets, on_bytes| npy::write_npy(out, datasets, on_bytes),
        }),
    },
    Row {
        format: Format::Npz,
        title: "npz",
        extensions: &["npz"],
        values: Values::Inside,
        restored_as: RestoredAs::NewFile,
        sniff: |file| {
            let zip = file.begins(b"PK\x03\x04") || file.begins(b"PK\x05\x06");
            Ok(zip && file.is_named(&["npz"]))
        },
        code: with!(
            "npz",
            open: |path| Ok(Box::new(npy::NpzSource::open(path)?)),
            write: |out, _, datasets, on_bytes| npy::write_npz(out, datasets, on_bytes),
        ),
    },
    Row {
        format: Format::Fits,
        title: "FITS",
        extensions: &["fits", "fit", "fts"],
        values: Values::Plain,
        restored_as: RestoredAs::SameBytes,
        sniff: |file| Ok(file.begins(fits::MAGIC)),
        code: Some(Code {
            open: |path| Ok(Box::new(fits::FitsSource::open(path)?)),
            write: |out, _, datasets, on_bytes| bytes::write(out, datasets, on_bytes),
        }),
    },
    Row {
        format: Format::Safetensors,
        title: "safetensors",
        extensions: &["safetensors"],
        values: Values::Plain,
        restored_as: RestoredAs::SameBytes,
        // Its files have no magic.
        sniff: |file| Ok(file.is_named(&["safetensors"])),
        code: Some(Code {
            open: |path| Ok(Box::new(safetensors::SafetensorsSource::open(path)?)),
            write: |out, _, datasets, on_bytes| bytes::write(out, datasets, on_bytes),
        }),
    },
    Row {
        format: Format::Bytes,
        title: "bytes",
        extensions: &[],
        values: Values::None,
        restored_as: RestoredAs::FileEach,
        sniff: |_| Ok(true),
        code: Some(Code {
            open: bytes::open,
            write: |out, _, datasets, on_bytes| bytes::write(out, datasets, on_bytes),
        }),
    },
];

impl Format {
    /// Its row of the table.
    pub fn row(self) -> &'static Row {
        FORMATS.iter().find(|row| row.format == self).expect("a row for each format")
    }

    /// Whether its files hold values that this program codes better than the bytes of the file.
    pub fn has_values_inside(self) -> bool {
        self.row().values == Values::Inside && self.row().code.is_some()
    }

    /// The ending of its restored files, if they have another format.
    pub fn restored_extension(self) -> Option<&'static str> {
        match self.row().restored_as {
            RestoredAs::Other(extension) => Some(extension),
            _ => None,
        }
    }

    /// Opens a file of this format.
    fn open(self, path: &Path) -> Result<Box<dyn Source>> {
        (self.code(path)?.open)(path)
    }

    /// The function that writes a file of its datasets to `path`.
    pub(crate) fn writer(self, path: &Path) -> Result<Writer> {
        Ok(self.code(path)?.write)
    }

    fn code(self, path: &Path) -> Result<Code> {
        self.row().code.ok_or_else(|| {
            let title = self.row().title;
            let what = format!("this program is built without {title}; build it with that feature");
            Error::source(path, "format", what)
        })
    }
}

/// Opens a file of any format, which is found from the first bytes.
///
/// # Errors
/// [`Error::Io`]; [`Error::Source`] for a damaged file, for a file whose name and first bytes
/// belong to different formats, and for a format that the program is built without.
pub fn open(path: &Path) -> Result<Box<dyn Source>> {
    Ok(open_known(path)?.1)
}

/// Opens a file and returns its format.
pub(crate) fn open_known(path: &Path) -> Result<(Format, Box<dyn Source>)> {
    if path.is_dir() {
        return Err(Error::source(path, "input", "is a folder; name the files in it"));
    }
    let head = Head::of(path)?;
    let format = format_of_head(&head)?;
    if format == Format::Bytes
        && let Some(row) = FORMATS.iter().find(|row| head.is_named(row.extensions))
    {
        // A broken download must not be read as a file of bytes.
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let what = format!(
            "is named .{extension} but does not begin like a {} file: is it complete? To read it as \
             plain bytes, give it another name",
            row.title
        );
        return Err(Error::source(path, "first bytes", what));
    }
    Ok((format, format.open(path)?))
}

/// The format of a file, from its first bytes; for safetensors, which have no magic, from its name.
///
/// # Errors
/// [`Error::Io`].
pub fn format_of(path: &Path) -> Result<Format> {
    format_of_head(&Head::of(path)?)
}

fn format_of_head(head: &Head<'_>) -> Result<Format> {
    for row in &FORMATS {
        if (row.sniff)(head)? {
            return Ok(row.format);
        }
    }
    Ok(Format::Bytes)
}

/// The parts of a file that consists of headers and numbers (`.npy`, safetensors), in order: the
/// length of each part and its schema. Together the parts are the whole file. `None` for files of
/// any other form, and for damaged files.
pub fn segments(path: &Path) -> Option<Vec<(u64, Schema)>> {
    let format = format_of(path).ok().filter(|format| format.row().values == Values::Plain)?;
    let source = format.open(path).ok()?;
    let parts = source.datasets().iter().enumerate().flat_map(|(number, info)| {
        let header = (source.header_bytes(number), Schema::bytes());
        [header, (info.n_bytes(), info.schema.clone())]
    });
    let mut segments: Vec<(u64, Schema)> = Vec::new();
    for (bytes, schema) in parts.filter(|(bytes, _)| *bytes > 0) {
        match segments.last_mut() {
            Some((total, last)) if *last == schema => *total += bytes,
            _ => segments.push((bytes, schema)),
        }
    }
    Some(segments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_a_row_and_every_ending_one_format() {
        let all = [
            Format::Hdf5,
            Format::Npy,
            Format::Npz,
            Format::Fits,
            Format::Safetensors,
            Format::Root,
            Format::Parquet,
            Format::Arrow,
            Format::Bytes,
        ];
        assert_eq!(all.len(), FORMATS.len());
        let mut endings: Vec<&str> = Vec::new();
        for format in all {
            assert_eq!(format.row().format, format);
            endings.extend(format.row().extensions);
        }
        let n = endings.len();
        endings.sort_unstable();
        endings.dedup();
        assert_eq!(endings.len(), n);
        // Files of no other format are bytes.
        assert_eq!(FORMATS[FORMATS.len() - 1].format, Format::Bytes);
    }

    #[test]
    fn names_and_first_bytes_say_the_format() {
        let folder = tempfile::tempdir().unwrap();
        let mut behind = vec![7; 2048];
        behind.extend(HDF5);
        behind.push(0);
        for (name, bytes, format, misnamed) in [
            ("a.h5", HDF5, Format::Hdf5, false),
            ("a", HDF5, Format::Hdf5, false),
            ("a.HDF5", &behind, Format::Hdf5, false),
            ("a.dat", &behind, Format::Bytes, false),
            ("b.h5", b"no signature", Format::Bytes, true),
            ("b.root", b"rootx", Format::Root, false),
            ("c.root", b"<html>", Format::Bytes, true),
            ("d", npy::MAGIC, Format::Npy, false),
            ("e.npz", b"PK\x03\x04", Format::Npz, false),
            ("e.zip", b"PK\x03\x04", Format::Bytes, false),
            ("f.npz", b"PK", Format::Bytes, true),
            ("g.fits", b"SIMPLE  =", Format::Fits, false),
            ("h.fit", b"SIMPLE", Format::Bytes, true),
            ("g.safetensors", b"", Format::Safetensors, false),
            ("h.txt", b"text", Format::Bytes, false),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(format_of(&path).unwrap(), format, "{name}");
            let refused = open(&path).err().is_some_and(|e| e.to_string().contains("another name"));
            assert_eq!(refused, misnamed, "{name}");
        }
    }
}
