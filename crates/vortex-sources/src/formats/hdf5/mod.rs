//! HDF5 files, read by the `hdf5-reader` crate: no C library.
//!
//! A dataset is read chunk by chunk (or piece by piece, if it is contiguous), so that memory does
//! not grow with its size. Chunks may be compressed with gzip, shuffle, fletcher32, szip, n-bit,
//! scale-offset and LZF.

mod datatype;
mod lzf;
mod stream;
mod write;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hdf5_reader::error::Error as ReadError;
use hdf5_reader::group::Group;
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::{Dataset, FileStorage, FilterRegistry, Hdf5File, OpenOptions};
use serde::{Deserialize, Serialize};
use vortex_base::hex;

use crate::error::{Error, Result};
use crate::fields::Records;
use crate::source::{DatasetInfo, Origin, Sink, Source, Unread};
use crate::stored::{OnBytes, Stored, refuse};

pub use write::Hdf5Writer;

/// Most groups and datasets that are listed.
const MAX_OBJECTS: usize = 1 << 20;
/// Deepest nesting of groups.
const MAX_DEPTH: usize = 64;
/// Largest chunk that is read, in bytes.
const MAX_CHUNK_BYTES: usize = 128 << 20;
/// Number of h5py's LZF filter.
const FILTER_LZF: u16 = 32000;

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

/// The datasets of a file.
pub struct Hdf5Source {
    path: PathBuf,
    file: Hdf5File,
    handles: Vec<Dataset>,
    datasets: Vec<DatasetInfo>,
    unread: Vec<Unread>,
}

impl Hdf5Source {
    /// Lists a file.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Source`] for a file whose superblock or root group is damaged.
    pub fn open(path: &Path) -> Result<Self> {
        let refuse = |e: ReadError| Error::source(path, "file", e.to_string());
        let mut filters = FilterRegistry::new();
        filters.register(
            FILTER_LZF,
            Box::new(|filter, data, _| {
                // Third parameter: bytes of a chunk, as h5py stores them.
                let limit = filter.client_data.get(2).map_or(MAX_CHUNK_BYTES, |n| *n as usize);
                lzf::expand(data, limit.min(MAX_CHUNK_BYTES))
                    .map_err(|e| ReadError::InvalidData(e.into()))
            }),
        );
        let options = OpenOptions::default()
            .with_filter_registry(filters)
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
        };
        source.list(&root, "", 0, &mut HashSet::new());
        Ok(source)
    }

    fn skip(&mut self, name: &str, reason: impl Into<String>) {
        self.unread.push(Unread { name: name.to_owned(), reason: reason.into() });
    }

    fn list(&mut self, group: &Group, prefix: &str, depth: usize, seen: &mut HashSet<u64>) {
        let shown = if prefix.is_empty() { "/" } else { prefix };
        if depth > MAX_DEPTH {
            return self.skip(shown, format!("groups nested more than {MAX_DEPTH} deep"));
        }
        // Hard links can make circles.
        if !seen.insert(group.address()) {
            return self.skip(shown, "a second link to a group that is listed already");
        }
        let (groups, datasets) = match group.member_names() {
            Ok(names) => names,
            Err(error) => return self.skip(shown, error.to_string()),
        };
        self.note_links(group, shown, groups.len() + datasets.len());
        let join = |name: &str| match prefix {
            "" => name.to_owned(),
            prefix => format!("{prefix}/{name}"),
        };
        for name in datasets {
            let full = join(&name);
            if self.datasets.len() + self.unread.len() >= MAX_OBJECTS {
                return self.skip(&full, format!("the file has more than {MAX_OBJECTS} objects"));
            }
            match group
                .dataset(&name)
                .map_err(|e| e.to_string())
                .and_then(|d| self.describe(&full, d))
            {
                Ok((handle, info)) => {
                    self.handles.push(handle);
                    self.datasets.push(info);
                }
                Err(reason) => self.skip(&full, reason),
            }
        }
        for name in groups {
            let full = join(&name);
            match group.group(&name) {
                Ok(child) => self.list(&child, &full, depth + 1, seen),
                Err(error) => self.skip(&full, error.to_string()),
            }
        }
    }

    /// Links without a target are not among the members; they are counted here.
    fn note_links(&mut self, group: &Group, shown: &str, members: usize) {
        let Ok(header) = self.file.get_or_parse_header(group.address()) else { return };
        let links = header.messages.iter().filter(|m| matches!(m, HdfMessage::Link(_))).count();
        if links > members {
            let reason =
                format!("{} links of this group lead to nothing readable", links - members);
            self.skip(shown, reason);
        }
    }

    fn describe(
        &self,
        name: &str,
        dataset: Dataset,
    ) -> std::result::Result<(Dataset, DatasetInfo), String> {
        let header = self.file.get_or_parse_header(dataset.address()).map_err(|e| e.to_string())?;
        for message in &header.messages {
            if let HdfMessage::ExternalFiles(_) = message {
                return Err("its values are in another file".into());
            }
        }
        if let Some(reason) = datatype::refusal(dataset.dtype()) {
            return Err(reason);
        }
        let size = datatype::size(dataset.dtype());
        let stated = dataset.raw_element_size().map_err(|e| e.to_string())?;
        if size == 0 || size != stated as u64 {
            return Err(format!("elements of {size} bytes, stated as {stated}"));
        }
        let raw = dataset.raw_datatype().map_err(|e| e.to_string())?;
        let elements = dataset.num_elements().map_err(|e| e.to_string())?;
        let null = elements == 0 && dataset.shape().is_empty();
        let shape = if null { vec![0] } else { dataset.shape().to_vec() };
        if elements.checked_mul(size).is_none() {
            return Err(format!("{elements} elements of {size} bytes are more than 2^64 bytes"));
        }
        let number = datatype::number(dataset.dtype()).is_some();
        let records = Records::of_array(&shape, size, number, |fields, name, offset| {
            datatype::describe(dataset.dtype(), fields, name, offset);
        });
        // Refuses storage that cannot be streamed.
        stream::Reader::new(&self.file, &dataset, size, &shape)?;
        let info = DatasetInfo {
            name: name.to_owned(),
            schema: records.schema,
            n_records: records.n_records,
            records_per_event: records.records_per_event,
            shape,
            origin: Origin::new(FORM, &Described { datatype: hex::encode(&raw), null }),
        };
        Ok((dataset, info))
    }
}

impl Source for Hdf5Source {
    fn datasets(&self) -> &[DatasetInfo] {
        &self.datasets
    }

    fn unread(&self) -> &[Unread] {
        &self.unread
    }

    fn stream(&self, dataset: usize, sink: &mut Sink<'_>) -> Result<()> {
        let (Some(info), Some(handle)) = (self.datasets.get(dataset), self.handles.get(dataset))
        else {
            return Ok(());
        };
        let refuse = |what: String| Error::source(&self.path, &info.name, what);
        let size = datatype::size(handle.dtype());
        let reader = stream::Reader::new(&self.file, handle, size, &info.shape).map_err(refuse)?;
        reader.run(&self.path, &info.name, sink)
    }
}

impl std::fmt::Debug for Hdf5Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hdf5Source").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Writes a file with these datasets.
pub(super) fn write(
    out: BufWriter<&File>,
    datasets: &mut [&mut dyn Stored],
    on_bytes: &mut OnBytes<'_>,
) -> io::Result<()> {
    let mut file = Hdf5Writer::new(out)?;
    for dataset in datasets {
        let name = dataset.name().to_owned();
        let described: Option<Described> = dataset.origin().read(FORM);
        let Described { datatype, null } =
            described.ok_or_else(|| refuse(&name, "is not described as one of HDF5"))?;
        let datatype = hex::decode(&datatype).ok_or_else(|| refuse(&name, "not hexadecimal"))?;
        let shape = (!null).then(|| dataset.shape().to_vec());
        file.dataset(&name, &datatype, shape.as_deref(), |out| {
            dataset.write(out, on_bytes)?;
            Ok(dataset.n_bytes())
        })?;
    }
    file.finish()?.flush()
}
