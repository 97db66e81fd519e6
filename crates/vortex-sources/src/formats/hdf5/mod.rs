//! HDF5 files, read by the `hdf5-reader` crate: no C library.
//!
//! A dataset is read chunk by chunk (or piece by piece, if it is contiguous), so that memory does
//! not grow with its size.

mod attributes;
mod datatype;
mod describe;
mod filters;
mod links;
mod listing;
mod refusal;
mod runs;
mod sequences;
mod stream;
mod tree;
mod write;

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hdf5_reader::error::Error as ReadError;
use hdf5_reader::{Dataset, FileStorage, Hdf5File, OpenOptions};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::source::{DatasetInfo, Origin, Sink, Source, Unread};
use attributes::SEQUENCE_BYTES;
use listing::Handle;
use sequences::{Part, Sequences};
use tree::{Object, Tree};

pub use filters::decode as decode_filter;
pub(super) use write::write;

/// Largest chunk that is read, in bytes.
const MAX_CHUNK_BYTES: usize = 128 << 20;
/// Most chunks of a dataset that is restored in chunks; their places are kept in memory.
const MAX_CHUNKS: u64 = 1 << 20;

/// The information that manifests store for writing a dataset again.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    /// The datatype message, in hexadecimal.
    datatype: String,
    /// A dataset of the null dataspace, which has no elements and no shape.
    null: bool,
}

/// Name of this form.
const FORM: &str = "hdf5";
/// Names of the forms of sequences: of their lengths, and of their elements.
const LENGTHS_FORM: &str = "hdf5_lengths";
const VALUES_FORM: &str = "hdf5_values";

/// The datasets of a file.
pub struct Hdf5Source {
    path: PathBuf,
    file: Hdf5File,
    handles: Vec<(Dataset, Part)>,
    datasets: Vec<DatasetInfo>,
    unread: Vec<Unread>,
    left_out: Vec<Unread>,
    /// Properties of what is read that a restored file does not have.
    lost: Vec<Unread>,
    /// Number of links that were listed.
    links: usize,
    /// Bytes of their paths.
    path_bytes: usize,
    tree: Tree,
    /// Numbers of the objects of the tree, by address.
    numbers: HashMap<u64, u32>,
    /// Attributes of the objects of the tree, until all objects are known.
    attributes: Vec<listing::Attributes>,
    /// Bytes of their values.
    attribute_bytes: usize,
    structure: Option<Origin>,
}

impl Hdf5Source {
    /// Lists a file.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Source`] for a file whose superblock or root group is damaged.
    pub fn open(path: &Path) -> Result<Self> {
        let refuse = |e: ReadError| Error::source(path, "file", e.to_string());
        let options = OpenOptions::default()
            .with_filter_registry(filters::registry())
            .with_chunk_cache_bytes(0)
            .with_max_chunk_bytes(MAX_CHUNK_BYTES);
        let storage = File::open(path).map_err(|e| Error::io(path, e))?;
        let storage = Arc::new(FileStorage::from_file(storage).map_err(refuse)?);
        let file = Hdf5File::from_storage_with_options(storage, options).map_err(refuse)?;
        let root = file.root_group().map_err(refuse)?;
        let mut source = Self {
            path: path.to_owned(),
            file,
            handles: Vec::new(),
            datasets: Vec::new(),
            unread: Vec::new(),
            left_out: Vec::new(),
            lost: Vec::new(),
            links: 0,
            path_bytes: 0,
            tree: Tree { objects: Vec::new() },
            numbers: HashMap::new(),
            attributes: Vec::new(),
            attribute_bytes: 0,
            structure: None,
        };
        let number = source.keep(root.address(), "/", Object::group(), Handle::Group(&root));
        source.list(&root, "", number, 0);
        source.keep_attributes(&root);
        if source.file.superblock().base_address > 0 {
            let reason = "the bytes before the HDF5 file".into();
            source.lost.push(Unread { name: "/".into(), reason });
        }
        source.structure = Some(Origin::new(FORM, &source.tree));
        source.tree.objects = Vec::new();
        source.numbers = HashMap::new();
        Ok(source)
    }
}

impl Source for Hdf5Source {
    fn datasets(&self) -> &[DatasetInfo] {
        &self.datasets
    }

    fn unread(&self) -> &[Unread] {
        &self.unread
    }

    fn left_out(&self) -> &[Unread] {
        &self.left_out
    }

    fn lost(&self) -> &[Unread] {
        &self.lost
    }

    fn structure(&self) -> Option<&Origin> {
        self.structure.as_ref()
    }

    fn stream(&self, dataset: usize, sink: &mut Sink<'_>) -> Result<()> {
        let (Some(info), Some((handle, part))) =
            (self.datasets.get(dataset), self.handles.get(dataset))
        else {
            return Ok(());
        };
        let (path, name) = (&self.path, &info.name);
        let refuse = |what: String| Error::source(path, name, what);
        let elements = sequences::elements(handle.dtype()).filter(|_| *part != Part::Whole);
        let Some(elements) = elements else {
            let size = datatype::size(handle.dtype());
            let reader = stream::Reader::new(&self.file, handle, size, &info.shape);
            return reader.map_err(refuse)?.run(path, name, sink);
        };
        if handle.num_elements().is_ok_and(|n| n == 0) {
            return Ok(());
        }
        let (size, shape) = (SEQUENCE_BYTES as u64, handle.shape());
        let reader = stream::Reader::new(&self.file, handle, size, shape).map_err(refuse)?;
        let width = attributes::width(elements).map_err(refuse)?;
        let sequences = Sequences::new(reader, handle, width);
        match part {
            Part::Lengths => sequences.lengths(path, name, sink),
            _ => sequences.elements(path, name, sink),
        }
    }
}

impl std::fmt::Debug for Hdf5Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hdf5Source").field("path", &self.path).finish_non_exhaustive()
    }
}
