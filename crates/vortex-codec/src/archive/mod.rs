//! Compressed files as tables: any rows of any of their datasets, and single fields of them.
//!
//! [`Archive`] opens every `.vxc` file. A file that was made from records is one dataset. A file that
//! was made with [`Compressor::compress_datasets`](crate::Compressor::compress_datasets) holds a
//! manifest and the streams of each dataset, as docs/format.md describes; [`unpack`] restores its
//! files.

mod blocks;
mod datasets;
mod fields;
mod pack;
mod rows;
mod scatter;
mod unpack;

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::ops::Range;
use std::path::Path;

use vortex_coder::Schema;
use vortex_coder::container::IndexedReader;
use vortex_sources::prepare::Manifest;

use crate::decompressor::Decompressor;
use crate::error::{Error, ErrorKind, Result};
use blocks::Blocks;
use datasets::Dataset;

pub use pack::{DatasetOptions, Layout};
pub use rows::{Column, Rows};
pub use unpack::{is_archive, unpack};

/// Label of the member that is the manifest.
pub(crate) const MANIFEST_LABEL: &str = "vortex:manifest";
/// Prefix of the labels of streams; the name of the stream follows.
const STREAM_LABEL: &str = "vortex:stream:";
/// Prefix of the labels of arrays; their dtype and shape follow, as docs/format.md describes.
pub const ARRAY_LABEL: &str = "vortex:array:";

/// Most bytes that [`DatasetInfo::piece_rows`] proposes, unless a single row has more.
pub const MAX_PIECE_BYTES: u64 = 256 << 20;

/// A compressed file, open for random access. Only the needed blocks are decoded.
///
/// ```
/// use vortex_codec::archive::Archive;
///
/// # fn main() -> vortex_codec::Result<()> {
/// # use vortex_codec::{Compressor, DType, Field, Schema};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("jets.vxc");
/// # let bytes: Vec<u8> = (0..3000u32).flat_map(|i| [(i as f32).to_le_bytes(), (i % 7).to_le_bytes()].concat()).collect();
/// # let schema = Schema::new(8, vec![Field::new("pt", DType::F32, 0), Field::new("n", DType::U32, 4)])?;
/// # Compressor::new().schema(schema).compress(bytes.as_slice(), std::fs::File::create(&path)?)?;
/// let rows = Archive::open(path)?.rows(1000..2000)?;
/// let pt = rows.field("pt")?;
/// assert_eq!((pt.dtype, &pt.bytes[..4]), (DType::F32, &1000f32.to_le_bytes()[..]));
/// # assert_eq!((rows.len(), pt.len()), (1000, 1000));
/// # Ok(()) }
/// ```
pub struct Archive<R: Read + Seek = BufReader<File>> {
    blocks: Blocks<R>,
    manifest: Option<Manifest>,
    datasets: Vec<Dataset>,
}

/// Description of a dataset in an archive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DatasetInfo<'a> {
    /// Its place among [`Archive::datasets`], counted from 0.
    pub number: usize,
    /// Its name, unique in an archive of datasets. Other files may have several of one name.
    pub name: &'a str,
    /// Schema of a row.
    pub schema: &'a Schema,
    /// Number of rows.
    pub rows: u64,
    /// Number of rows that one block holds, at least 1. A read that starts at a multiple of it and
    /// has this length decodes as few blocks as possible. In the column layout, it is the largest
    /// number of values in a block; so many rows may be large, see [`DatasetInfo::piece_rows`].
    pub block_rows: u64,
    /// The label of its members, if they have one.
    pub label: Option<&'a str>,
}

impl DatasetInfo<'_> {
    /// Number of rows to read at a time if `row_bytes` of each are wanted: `block_rows`, or as many
    /// as 256 MiB hold, but at least 1.
    pub fn piece_rows(&self, row_bytes: usize) -> u64 {
        self.block_rows.min(MAX_PIECE_BYTES / row_bytes.max(1) as u64).max(1)
    }
}

impl Archive {
    /// Opens a file. It uses all cores and finds models as [`crate::models`] describes.
    ///
    /// # Errors
    /// A kind for each possible fault of a file, and the errors of reading; the message begins with
    /// the path.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(Error::from);
        let decompressor = Decompressor::new().beside(path);
        let opened = file.and_then(|file| Self::from_reader(BufReader::new(file), &decompressor));
        opened.map_err(|error| error.context(path.display()))
    }
}

impl<R: Read + Seek> Archive<R> {
    /// Opens a file from any reader.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn from_reader(source: R, decompressor: &Decompressor) -> Result<Self> {
        let mut reader = IndexedReader::open(source, decompressor.reader_options())?;
        let manifest = datasets::manifest(&mut reader)?;
        let datasets = match &manifest {
            Some(manifest) => datasets::of_manifest(&reader, manifest)?,
            None => datasets::of_members(&mut reader)?,
        };
        Ok(Self { blocks: Blocks::new(reader), manifest, datasets })
    }

    /// The manifest of an archive of datasets; `None` for a file of plain records or bytes.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }

    /// The datasets, in order.
    pub fn datasets(&self) -> impl ExactSizeIterator<Item = DatasetInfo<'_>> {
        self.datasets.iter().enumerate().map(|(number, dataset)| dataset.info(number))
    }

    /// The reader of the bytes as they were compressed, all members one after the other.
    pub fn reader(&mut self) -> &mut IndexedReader<R> {
        self.blocks.reader()
    }

    /// The dataset with this name, of several the first with records; without a name the only one,
    /// or the only one with records.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none or it is not clear which; the message lists the
    /// names.
    pub fn dataset(&self, name: Option<&str>) -> Result<DatasetInfo<'_>> {
        let number = match name {
            Some(name) => self.number(name)?,
            None => self.only()?,
        };
        Ok(self.datasets[number].info(number))
    }

    /// The dataset with this [`DatasetInfo::number`].
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there are fewer.
    pub fn dataset_at(&self, number: usize) -> Result<DatasetInfo<'_>> {
        at(&self.datasets, number).map(|dataset| dataset.info(number))
    }

    /// Rows of the only dataset.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is not exactly one dataset (the message lists their names),
    /// and as [`Archive::rows_of`].
    pub fn rows(&mut self, rows: Range<u64>) -> Result<Rows> {
        let [only] = self.datasets.as_slice() else {
            return Err(self.not_found("name one of them".into()));
        };
        only.rows(&mut self.blocks, rows)
    }

    /// Rows of the dataset that [`Archive::dataset`] gives for a name.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::InvalidArgument`] for rows that it does not have, and
    /// the errors of the blocks of these rows.
    pub fn rows_of(&mut self, dataset: &str, rows: Range<u64>) -> Result<Rows> {
        self.rows_at(self.number(dataset)?, rows)
    }

    /// Rows of the dataset with this [`DatasetInfo::number`].
    ///
    /// # Errors
    /// As [`Archive::rows_of`].
    pub fn rows_at(&mut self, number: usize, rows: Range<u64>) -> Result<Rows> {
        let dataset = at(&self.datasets, number)?;
        dataset.rows(&mut self.blocks, rows)
    }

    /// One field of rows of a dataset. If the dataset has the column layout, only the blocks of
    /// this field are decoded.
    ///
    /// # Errors
    /// As [`Archive::rows_of`], and [`ErrorKind::NotFound`] for the field.
    pub fn field_of(&mut self, dataset: &str, field: &str, rows: Range<u64>) -> Result<Column> {
        let number = self.number(dataset)?;
        self.datasets[number].field(&mut self.blocks, field, rows)
    }

    /// Some fields of rows of a dataset, as rows of these fields alone, in the given order and
    /// without gaps. A name that is not a field, but the start of others, stands for all of them:
    /// `b` for `b[0]`, `b[1]`, ..., and `c` for `c.x`, `c.y`. If the dataset has the column layout,
    /// only the blocks of these fields are decoded.
    ///
    /// ```
    /// use vortex_codec::archive::Archive;
    /// use vortex_codec::{Compressor, DType, Decompressor, Field, Schema};
    ///
    /// # fn main() -> vortex_codec::Result<()> {
    /// # let bytes: Vec<u8> = (0..3000u32).flat_map(|i| [(i as f32).to_le_bytes(), (i % 7).to_le_bytes()].concat()).collect();
    /// let schema = Schema::new(8, vec![Field::new("pt", DType::F32, 0), Field::new("n", DType::U32, 4)])?;
    /// let mut file = Vec::new();
    /// Compressor::new().schema(schema).compress(bytes.as_slice(), &mut file)?;
    /// let mut archive = Archive::from_reader(std::io::Cursor::new(file), &Decompressor::new())?;
    /// let name = archive.dataset(None)?.name.to_owned();
    /// let rows = archive.fields_of(&name, &["n", "pt"], 8..10)?;
    /// assert_eq!(rows.bytes, [1u32.to_le_bytes(), 8f32.to_le_bytes(), 2u32.to_le_bytes(), 9f32.to_le_bytes()].concat());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Archive::field_of`], and [`ErrorKind::InvalidArgument`] for no fields and for a field
    /// that is named twice.
    pub fn fields_of(&mut self, dataset: &str, fields: &[&str], rows: Range<u64>) -> Result<Rows> {
        self.fields_at(self.number(dataset)?, fields, rows)
    }

    /// As [`Archive::fields_of`], of the dataset with this [`DatasetInfo::number`].
    ///
    /// # Errors
    /// As [`Archive::fields_of`].
    pub fn fields_at(&mut self, number: usize, fields: &[&str], rows: Range<u64>) -> Result<Rows> {
        let dataset = at(&self.datasets, number)?;
        dataset.fields(&mut self.blocks, fields, rows)
    }

    /// The number of the dataset with this name; records go before bytes.
    fn number(&self, name: &str) -> Result<usize> {
        let bytes = Schema::bytes();
        let named = || self.datasets().filter(|dataset| dataset.name == name);
        let found = named().find(|dataset| *dataset.schema != bytes).or_else(|| named().next());
        let found = found.map(|dataset| dataset.number);
        found.ok_or_else(|| self.not_found(format!("there is no {name:?}")))
    }

    /// The number of the only dataset, or of the only one with records.
    fn only(&self) -> Result<usize> {
        if self.datasets.len() == 1 {
            return Ok(0);
        }
        let bytes = Schema::bytes();
        let mut tables = self.datasets().filter(|dataset| *dataset.schema != bytes);
        match (tables.next(), tables.next()) {
            (Some(only), None) => Ok(only.number),
            _ => Err(self.not_found("name one of them".into())),
        }
    }

    fn not_found(&self, what: String) -> Error {
        const SHOWN: usize = 10;
        let names: Vec<&str> = self.datasets().take(SHOWN).map(|dataset| dataset.name).collect();
        let more = if self.datasets.len() > SHOWN { ", ..." } else { "" };
        let (n, names) = (self.datasets.len(), names.join(", "));
        let message = format!("holds {n} datasets ({names}{more}), and {what}");
        Error::new(ErrorKind::NotFound, message)
    }
}

fn at(datasets: &[Dataset], number: usize) -> Result<&Dataset> {
    datasets.get(number).ok_or_else(|| {
        let n = datasets.len();
        let message = format!("dataset {number}; the file has {n}, counted from 0");
        Error::new(ErrorKind::NotFound, message)
    })
}
