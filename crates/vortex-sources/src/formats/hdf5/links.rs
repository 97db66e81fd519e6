//! The links of a group, one by one, so that one that leads nowhere does not hide the others.

use std::collections::HashSet;

use hdf5_reader::Hdf5File;
use hdf5_reader::btree_v1::collect_btree_v1_leaves_storage;
use hdf5_reader::btree_v2::{BTreeV2Header, BTreeV2Record, collect_btree_v2_records_storage};
use hdf5_reader::error::{Error, Result};
use hdf5_reader::fractal_heap::{FractalHeap, FractalHeapDirectBlockCache};
use hdf5_reader::io::Cursor;
use hdf5_reader::local_heap::LocalHeap;
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::link::{self, LinkMessage, LinkTarget};
use hdf5_reader::messages::link_info::LinkInfoMessage;
use hdf5_reader::messages::symbol_table_msg::SymbolTableMessage;
use hdf5_reader::symbol_table::SymbolTableNode;

/// Most bytes of all names of a group.
const MAX_NAME_BYTES: usize = 64 << 20;

/// A symbol table entry whose scratch pad holds a soft link.
const CACHED_SOFT_LINK: u32 = 2;

/// The links of the group whose header is at `address`: in the order of their creation if the group
/// keeps it, otherwise in the order of the file. Links of a heap that cannot be read come as errors.
///
/// # Errors
/// For a header or an index that cannot be read.
pub(super) fn links(file: &Hdf5File, address: u64) -> Result<Vec<Result<LinkMessage>>> {
    let header = file.get_or_parse_header(address)?;
    let mut links = Vec::new();
    for message in &header.messages {
        match message {
            HdfMessage::SymbolTable(table) => links.extend(of_table(file, table)?),
            HdfMessage::Link(link) => links.push(Ok(link.clone())),
            HdfMessage::LinkInfo(info)
                if !Cursor::is_undefined_offset(
                    info.fractal_heap_address,
                    file.superblock().offset_size,
                ) =>
            {
                links.extend(of_heap(file, info)?);
            }
            _ => {}
        }
    }
    let mut names = HashSet::new();
    links.retain(|link| link.as_ref().map_or(true, |link| names.insert(link.name.clone())));
    let order = |link: &Result<LinkMessage>| link.as_ref().ok().and_then(|l| l.creation_order);
    if links.iter().all(|link| order(link).is_some()) {
        links.sort_by_key(order);
    }
    Ok(links)
}

/// Links of a group that keeps them in a heap.
fn of_heap(file: &Hdf5File, info: &LinkInfoMessage) -> Result<Vec<Result<LinkMessage>>> {
    let (storage, block) = (file.storage(), file.superblock());
    let (offset, length) = (block.offset_size, block.length_size);
    let heap = FractalHeap::parse_at_storage(storage, info.fractal_heap_address, offset, length)?;
    let index = info.btree_name_index_address;
    let index = BTreeV2Header::parse_at_storage(storage, index, offset, length)?;
    let records =
        collect_btree_v2_records_storage(storage, &index, offset, length, None, &[], None)?;
    let mut blocks = FractalHeapDirectBlockCache::default();
    let mut read = |id: &[u8]| {
        let bytes = heap.get_object_storage_cached(id, storage, offset, length, &mut blocks)?;
        link::parse(&mut Cursor::new(&bytes), offset, length, bytes.len())
    };
    Ok(records
        .iter()
        .filter_map(|record| match record {
            BTreeV2Record::LinkNameHash { heap_id, .. }
            | BTreeV2Record::CreationOrder { heap_id, .. } => Some(read(heap_id)),
            _ => None,
        })
        .collect())
}

/// Links of a group in the form of the first versions of HDF5.
fn of_table(file: &Hdf5File, table: &SymbolTableMessage) -> Result<Vec<Result<LinkMessage>>> {
    let (storage, block) = (file.storage(), file.superblock());
    let (offset, length) = (block.offset_size, block.length_size);
    let heap = LocalHeap::parse_at_storage(storage, table.heap_address, offset, length)?;
    let tree = table.btree_address;
    let nodes = collect_btree_v1_leaves_storage(storage, tree, offset, length, None, &[], None)?;
    if nodes.is_empty() {
        return Ok(Vec::new());
    }
    let too_long = || Error::InvalidData("a heap of names is longer than memory".into());
    let names = usize::try_from(heap.data_segment_size).map_err(|_| too_long())?;
    let names = storage.read_range(heap.data_segment_address, names)?;
    let mut links = Vec::new();
    let mut name_bytes = 0;
    for (_, address) in nodes {
        // Signature, version, a reserved byte, and the number of entries.
        let start = storage.read_range(address, 8)?;
        let count = u16::from_le_bytes([start.as_ref()[6], start.as_ref()[7]]);
        let bytes = 8 + usize::from(count) * (2 * usize::from(offset) + 24);
        let node = storage.read_range(address, bytes)?;
        let node = SymbolTableNode::parse(&mut Cursor::new(node.as_ref()), offset, length)?;
        for entry in node.entries {
            let link = text(names.as_ref(), entry.link_name_offset).and_then(|name| {
                let target = if entry.cache_type == CACHED_SOFT_LINK {
                    let [a, b, c, d, ..] = entry.scratch;
                    let at = u32::from_le_bytes([a, b, c, d]);
                    LinkTarget::Soft { path: text(names.as_ref(), at.into())? }
                } else {
                    LinkTarget::Hard { address: entry.object_header_address }
                };
                Ok(LinkMessage { name, target, creation_order: None })
            });
            // Entries may share their names.
            name_bytes += link.as_ref().map_or(0, |link: &LinkMessage| link.name.len());
            if name_bytes > MAX_NAME_BYTES {
                let what = format!("its names are longer than {MAX_NAME_BYTES} bytes together");
                links.push(Err(Error::InvalidData(what)));
                return Ok(links);
            }
            links.push(link);
        }
    }
    Ok(links)
}

/// The text of a local heap at an offset, up to a zero byte.
fn text(heap: &[u8], at: u64) -> Result<String> {
    let rest = usize::try_from(at).ok().and_then(|at| heap.get(at..));
    let rest = rest.ok_or(Error::OffsetOutOfBounds(at))?;
    let end = rest.iter().position(|byte| *byte == 0);
    let end = end.ok_or_else(|| Error::InvalidData("a name without an end".into()))?;
    let text = std::str::from_utf8(&rest[..end]);
    text.map(str::to_owned).map_err(|_| Error::InvalidData("a name that is not UTF-8".into()))
}
