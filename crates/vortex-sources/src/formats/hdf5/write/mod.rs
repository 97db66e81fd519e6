//! Writing a file again: its tree of objects, attributes, links, chunks and values.
//!
//! Files have superblock version 2, object headers version 2, links and attributes in the headers of
//! their objects, and chunks with an index of version 1, as described in the HDF5 File Format
//! Specification 3.0 (sections II.A, III and IV.A). Values are streamed; memory holds the tree, the
//! attributes and one row of chunks.

mod chunks;
mod file;
mod heap;
mod index;
mod messages;
mod objects;
mod values;

use std::collections::HashMap;
use std::io::{self, BufWriter, Seek, Write};

use hdf5_reader::filters::{FILTER_DEFLATE, FILTER_SHUFFLE};
use hdf5_reader::io::Cursor;
use hdf5_reader::messages::datatype as types;
use vortex_base::hex;

use super::stream::MAX_BAND_BYTES;
use super::tree::{Content, Storage, Tree};
use super::{Described, FORM, MAX_CHUNK_BYTES, MAX_CHUNKS, datatype};
use crate::source::Origin;
use crate::stored::{OnBytes, Stored, refuse};
use chunks::{Chunking, Chunks};
use file::{File, UNDEFINED};
use messages::Layout;
use objects::Placed;

/// Writes a file with these datasets; `structure` is its tree, without which each dataset has its
/// name as its path, and nothing else.
pub(in crate::formats) fn write(
    out: BufWriter<&std::fs::File>,
    structure: Option<&Origin>,
    datasets: &mut [&mut dyn Stored],
    on_bytes: &mut OnBytes<'_>,
) -> io::Result<()> {
    let tree = match structure {
        Some(structure) => {
            let tree: Option<Tree> = structure.read(FORM);
            tree.ok_or_else(|| io::Error::other("the structure is not one of HDF5"))?
        }
        None => {
            let names = datasets.iter().map(|dataset| dataset.name());
            Tree::of_names(names).map_err(|(name, what)| refuse(&name, what))?
        }
    };
    tree.check().map_err(io::Error::other)?;
    let mut storages = HashMap::new();
    for object in &tree.objects {
        if let Content::Dataset(storage) = &object.is
            && storages.insert(storage.name.as_str(), storage).is_some()
        {
            return Err(refuse(&storage.name, "is there twice"));
        }
    }
    let mut file = File::new(out)?;
    let mut placed = HashMap::new();
    for dataset in datasets {
        let name = dataset.name().to_owned();
        let storage = storages.get(name.as_str());
        let storage = storage.ok_or_else(|| refuse(&name, "is not in the structure"))?;
        placed.insert(name, values(&mut file, &mut **dataset, storage, on_bytes)?);
    }
    objects::write(file, &tree, &placed)?.flush()
}

/// Writes the values of a dataset.
fn values<W: Write + Seek>(
    file: &mut File<W>,
    dataset: &mut dyn Stored,
    storage: &Storage,
    on_bytes: &mut OnBytes<'_>,
) -> io::Result<Placed> {
    let name = dataset.name().to_owned();
    let refuse = |what: String| refuse(&name, what);
    let described: Option<Described> = dataset.origin().read(FORM);
    let Described { datatype, null } =
        described.ok_or_else(|| refuse("is not described as one of HDF5".into()))?;
    let datatype = hex::decode(&datatype).ok_or_else(|| refuse("not hexadecimal".into()))?;
    let element = element_bytes(&datatype).map_err(refuse)?;
    let shape = (!null).then(|| dataset.shape().to_vec());
    let due = match &shape {
        Some(shape) => shape.iter().try_fold(element, |n, d| n.checked_mul(*d)),
        None => Some(0),
    };
    let due = due.ok_or_else(|| refuse(format!("of shape {shape:?} is too large")))?;
    if shape.as_ref().is_some_and(|shape| shape.len() > 32) {
        return Err(refuse("more than 32 dimensions".into()));
    }
    let bytes = dataset.n_bytes();
    if bytes != due {
        return Err(refuse(format!("{bytes} bytes; {due} were expected")));
    }
    let fill = storage.fill.as_deref().map(|fill| {
        let fill = hex::decode(fill).filter(|fill| fill.len() as u64 == element);
        fill.ok_or_else(|| refuse(format!("its fill value is not of {element} bytes")))
    });
    let fill = fill.transpose()?;
    let chunking = match (&shape, &storage.chunks) {
        (Some(shape), Some(lengths)) => {
            let how = chunking(storage, shape, lengths, element, due, fill.as_deref());
            Some(how.map_err(refuse)?)
        }
        _ => None,
    };
    let mut filters = Vec::new();
    let (layout, max_shape) = match chunking {
        Some(how) => {
            if how.shuffle {
                filters.push((FILTER_SHUFFLE, element as u32));
            }
            filters.extend(how.deflate.map(|level| (FILTER_DEFLATE, level)));
            let lengths = how.lengths.clone();
            let mut chunks = Chunks::new(file, how);
            dataset.write(&mut chunks, on_bytes)?;
            let entries = chunks.entries();
            let index = index::write(file, &entries, &lengths, element as u32)?;
            let layout = Layout::Chunked { index, chunks: lengths, element: element as u32 };
            (layout, storage.max_shape.clone())
        }
        None => {
            let start = file.align()?;
            dataset.write(file, on_bytes)?;
            if file.at() - start != due {
                return Err(refuse(format!("{} bytes were written", file.at() - start)));
            }
            let address = if due == 0 { UNDEFINED } else { start };
            (Layout::Contiguous { address, bytes: due }, None)
        }
    };
    Ok(Placed { datatype, shape, max_shape, fill, filters, layout })
}

/// Number of chunks of these lengths.
pub(super) fn chunk_count(shape: &[u64], lengths: &[u32]) -> u64 {
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
