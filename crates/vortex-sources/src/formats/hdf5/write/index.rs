//! The index of the chunks of a dataset: a B-tree of version 1.

use std::io::{Result, Seek, Write};

use super::file::{File, UNDEFINED};

/// Most children of a node: twice the usual K of chunks.
const CHILDREN: usize = 64;
/// Node type of chunks.
const CHUNKS: u8 = 1;

/// A stored chunk.
pub(super) struct Entry {
    /// Its first element, by dimension.
    pub(super) first: Vec<u64>,
    pub(super) address: u64,
    pub(super) bytes: u32,
}

/// Writes the index of chunks of these lengths, in their order, and returns its address.
pub(super) fn write<W: Write + Seek>(
    file: &mut File<W>,
    entries: &[Entry],
    lengths: &[u32],
    element: u32,
) -> Result<u64> {
    let Some(last) = entries.last() else { return Ok(UNDEFINED) };
    // A key: stored bytes, skipped filters, and the first element, with a place inside it.
    let key = |bytes: u32, first: &[u64], inside: u64| {
        let mut key = bytes.to_le_bytes().to_vec();
        key.extend([0; 4]);
        key.extend(first.iter().chain([&inside]).flat_map(|n| n.to_le_bytes()));
        key
    };
    let mut children: Vec<(Vec<u8>, u64)> =
        entries.iter().map(|e| (key(e.bytes, &e.first, 0), e.address)).collect();
    // Behind all chunks.
    let beyond = last.first.iter().zip(lengths).map(|(n, len)| n + u64::from(*len));
    let end = key(0, &beyond.collect::<Vec<_>>(), element.into());
    let bytes = (24 + CHILDREN * (end.len() + 8) + end.len()) as u64;
    let mut level = 0;
    loop {
        let base = file.align()?;
        let nodes = children.len().div_ceil(CHILDREN) as u64;
        let place = |node: u64| if node < nodes { base + node * bytes } else { UNDEFINED };
        let mut above = Vec::new();
        for (number, node) in (0u64..).zip(children.chunks(CHILDREN)) {
            let mut block = b"TREE".to_vec();
            block.extend([CHUNKS, level]);
            block.extend((node.len() as u16).to_le_bytes());
            block.extend(place(number.wrapping_sub(1)).to_le_bytes());
            block.extend(place(number + 1).to_le_bytes());
            for (key, address) in node {
                block.extend(key);
                block.extend(address.to_le_bytes());
            }
            let next = children.get((number as usize + 1) * CHILDREN);
            block.extend(next.map_or(&end, |(key, _)| key));
            block.resize(bytes as usize, 0);
            file.write_all(&block)?;
            above.push((node[0].0.clone(), place(number)));
        }
        if nodes == 1 {
            return Ok(base);
        }
        (children, level) = (above, level + 1);
    }
}
