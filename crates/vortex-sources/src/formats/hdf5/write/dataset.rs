//! One dataset: its values, in chunks or not, and what describes them.

use std::io::{self, Seek, Write};

use hdf5_reader::filters::{FILTER_DEFLATE, FILTER_SHUFFLE};
use hdf5_reader::io::Cursor;
use hdf5_reader::messages::datatype as types;
use vortex_base::hex;

use super::chunks::{Chunking, Chunks};
use super::file::{File, UNDEFINED};
use super::index;
use super::messages::Layout;
use super::objects::Placed;
use super::sequences::{Filling, references};
use crate::formats::hdf5::attributes::{SEQUENCE_BYTES, width};
use crate::formats::hdf5::sequences::{MAX_SEQUENCES, elements};
use crate::formats::hdf5::stream::MAX_BAND_BYTES;
use crate::formats::hdf5::tree::Storage;
use crate::formats::hdf5::{Described, FORM, LENGTHS_FORM, MAX_CHUNK_BYTES, MAX_CHUNKS, datatype};
use crate::stored::{OnBytes, Stored, refuse};

/// Writes a dataset with its values.
pub(super) fn values<W: Write + Seek>(
    file: &mut File<W>,
    dataset: &mut dyn Stored,
    storage: &Storage,
    on_bytes: &mut OnBytes<'_>,
) -> io::Result<Placed> {
    let name = dataset.name().to_owned();
    let refuse = |what: String| refuse(&name, what);
    let (datatype, null) = described(dataset, FORM)?;
    let element = element_bytes(&datatype).map_err(refuse)?;
    let shape = (!null).then(|| dataset.shape().to_vec());
    let form = Form::new(storage, datatype, shape, element).map_err(refuse)?;
    if dataset.n_bytes() != form.bytes {
        let (bytes, due) = (dataset.n_bytes(), form.bytes);
        return Err(refuse(format!("{bytes} bytes; {due} were expected")));
    }
    form.place(file, |out| dataset.write(out, on_bytes))
}

/// Writes a dataset of sequences: their elements into heaps, then the references to them.
pub(super) fn sequences<W: Write + Seek>(
    file: &mut File<W>,
    lengths: &mut dyn Stored,
    values: &mut dyn Stored,
    storage: &Storage,
    on_bytes: &mut OnBytes<'_>,
) -> io::Result<Placed> {
    let name = lengths.name().to_owned();
    let refuse = |what: String| refuse(&name, what);
    let (datatype, null) = described(lengths, LENGTHS_FORM)?;
    let parsed = types::parse(&mut Cursor::new(&datatype), datatype.len());
    let parsed = parsed.map_err(|e| refuse(format!("its datatype message: {e}")))?.datatype;
    let each = elements(&parsed).ok_or_else(|| refuse(format!("is no sequence: {parsed:?}")))?;
    let each = width(each).map_err(refuse)?;
    let shape = (!null).then(|| lengths.shape().to_vec());
    let form = Form::new(storage, datatype, shape, SEQUENCE_BYTES as u64).map_err(refuse)?;

    // 4 bytes for each length.
    let bytes = lengths.n_bytes();
    if bytes != form.bytes / 4 || bytes / 4 > MAX_SEQUENCES {
        return Err(refuse(format!("{bytes} bytes; {} were expected", form.bytes / 4)));
    }
    let mut counts = Vec::with_capacity(bytes as usize);
    lengths.write(&mut counts, on_bytes)?;
    let count = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap_or_default());
    let counts: Vec<u32> = counts.chunks_exact(4).map(count).collect();
    let total: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    if total.checked_mul(each as u64) != Some(values.n_bytes()) {
        let held = values.n_bytes();
        return Err(refuse(format!("{total} elements of {each} bytes, and {held} bytes of them")));
    }
    let mut heaps = Filling::new(file, &counts, each);
    values.write(&mut heaps, on_bytes)?;
    let addresses = heaps.finish()?;
    form.place(file, |out| {
        references(&counts, each, &addresses).try_for_each(|piece| out.write_all(&piece))
    })
}

/// The datatype message of a dataset, and whether its dataspace is the null one.
fn described(dataset: &dyn Stored, form: &str) -> io::Result<(Vec<u8>, bool)> {
    let described: Option<Described> = dataset.origin().read(form);
    let what = "is not described as one of HDF5";
    let described = described.ok_or_else(|| refuse(dataset.name(), what))?;
    let datatype = hex::decode(&described.datatype);
    let datatype = datatype.ok_or_else(|| refuse(dataset.name(), "not hexadecimal"))?;
    Ok((datatype, described.null))
}

/// How a dataset is stored.
struct Form<'a> {
    storage: &'a Storage,
    datatype: Vec<u8>,
    shape: Option<Vec<u64>>,
    element: u64,
    /// Bytes of all values.
    bytes: u64,
    fill: Option<Vec<u8>>,
    chunking: Option<Chunking>,
}

impl<'a> Form<'a> {
    fn new(
        storage: &'a Storage,
        datatype: Vec<u8>,
        shape: Option<Vec<u64>>,
        element: u64,
    ) -> Result<Self, String> {
        let bytes = match &shape {
            Some(shape) => shape.iter().try_fold(element, |n, d| n.checked_mul(*d)),
            None => Some(0),
        };
        let bytes = bytes.ok_or_else(|| format!("of shape {shape:?} is too large"))?;
        if shape.as_ref().is_some_and(|shape| shape.len() > 32) {
            return Err("more than 32 dimensions".into());
        }
        let fill = storage.fill.as_deref().map(|fill| {
            let fill = hex::decode(fill).filter(|fill| fill.len() as u64 == element);
            fill.ok_or_else(|| format!("its fill value is not of {element} bytes"))
        });
        let fill = fill.transpose()?;
        let chunking = match (&shape, &storage.chunks) {
            (Some(shape), Some(lengths)) => {
                Some(chunking(storage, shape, lengths, element, bytes, fill.as_deref())?)
            }
            _ => None,
        };
        Ok(Self { storage, datatype, shape, element, bytes, fill, chunking })
    }

    /// Writes the values, which `write` gives in their order.
    fn place<W: Write + Seek>(
        self,
        file: &mut File<W>,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<Placed> {
        let Self { storage, datatype, shape, element, bytes, fill, chunking } = self;
        let mut filters = Vec::new();
        let (layout, max_shape) = match chunking {
            Some(how) => {
                if how.shuffle {
                    filters.push((FILTER_SHUFFLE, element as u32));
                }
                filters.extend(how.deflate.map(|level| (FILTER_DEFLATE, level)));
                let lengths = how.lengths.clone();
                let mut chunks = Chunks::new(file, how);
                write(&mut chunks)?;
                let entries = chunks.entries();
                let index = index::write(file, &entries, &lengths, element as u32)?;
                let layout = Layout::Chunked { index, chunks: lengths, element: element as u32 };
                (layout, storage.max_shape.clone())
            }
            None => {
                let start = file.align()?;
                write(file)?;
                if file.at() - start != bytes {
                    let written = file.at() - start;
                    return Err(refuse(&storage.name, format!("{written} bytes were written")));
                }
                let address = if bytes == 0 { UNDEFINED } else { start };
                (Layout::Contiguous { address, bytes }, None)
            }
        };
        Ok(Placed { datatype, shape, max_shape, fill, filters, layout })
    }
}

/// Number of chunks of these lengths.
pub(in crate::formats::hdf5) fn chunk_count(shape: &[u64], lengths: &[u32]) -> u64 {
    let along = shape.iter().zip(lengths).map(|(len, chunk)| len.div_ceil((*chunk).into()));
    along.fold(1, u64::saturating_mul)
}

/// How a dataset is cut into chunks.
fn chunking(
    storage: &Storage,
    shape: &[u64],
    lengths: &[u32],
    element: u64,
    total: u64,
    fill: Option<&[u8]>,
) -> Result<Chunking, String> {
    let wrong = || format!("chunks of {lengths:?} in a dataset of {shape:?}");
    if shape.is_empty() || lengths.len() != shape.len() || lengths.contains(&0) {
        return Err(wrong());
    }
    let largest = storage.max_shape.iter().flatten();
    let possible = largest.zip(shape).all(|(most, len)| most.is_none_or(|most| most >= *len));
    if !possible || storage.max_shape.as_ref().is_some_and(|all| all.len() != shape.len()) {
        return Err(format!("of shape {shape:?}, beyond its largest one"));
    }
    let each = lengths.iter().fold(element, |n, d| n.saturating_mul(u64::from(*d)));
    let row = shape[1..].iter().fold(element, |n, d| n.saturating_mul(*d));
    let band = row.saturating_mul(shape[0].min(lengths[0].into()));
    let many = each > MAX_CHUNK_BYTES as u64
        || band > MAX_BAND_BYTES
        || chunk_count(shape, lengths) > MAX_CHUNKS;
    if total > 0 && many {
        return Err(wrong());
    }
    if element > u64::from(u32::MAX) || storage.deflate.is_some_and(|level| level > 9) {
        return Err(format!("chunks of elements of {element} bytes, {:?}", storage.deflate));
    }
    Ok(Chunking {
        shape: shape.to_vec(),
        lengths: lengths.to_vec(),
        element: element as usize,
        fill: fill.map_or_else(|| vec![0; element as usize], <[u8]>::to_vec),
        shuffle: storage.shuffle,
        deflate: storage.deflate,
    })
}

/// Bytes per element, after checking that the message is valid and that its type needs no other
/// message.
fn element_bytes(datatype: &[u8]) -> Result<u64, String> {
    let mut cursor = Cursor::new(datatype);
    let parsed = types::parse(&mut cursor, datatype.len())
        .map_err(|e| format!("its datatype message: {e}"))?;
    if let Some(reason) = datatype::refusal(&parsed.datatype) {
        return Err(reason);
    }
    let size = datatype::size(&parsed.datatype);
    if size == 0 || size != u64::from(parsed.size) {
        return Err(format!("its datatype message states {} bytes for {size}", parsed.size));
    }
    Ok(size)
}
