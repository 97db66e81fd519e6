//! The values of a column, basket by basket.

use std::ops::Range;

use vortex_base::dtype::DType;

use crate::basket::{Basket, BasketBuffers};
use crate::branch::{BasketPlace, Branch};
use crate::error::{Fault, Outcome, RootError};
use crate::file::Tree;
use crate::layout::{Column, Encoding, EntryForm, Layout};
use crate::limits::MAX_BASKET_BYTES;
use crate::vectors;

/// Consecutive entries of one column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chunk {
    /// Number of the first entry in the tree.
    pub first_entry: u64,
    /// Number of entries.
    pub n_entries: usize,
    /// Values of all items, little-endian, without padding.
    pub values: Vec<u8>,
    /// Items of each entry of a jagged column; empty for other columns, which have one item per
    /// entry.
    pub counts: Vec<u32>,
    /// For vectors of vectors: the lengths of the items, then of the items in them, and so on, as
    /// many lists as [`Layout::inner_levels`].
    pub inner_counts: Vec<Vec<u32>>,
}

impl Chunk {
    fn clear(&mut self, first_entry: u64, inner_levels: usize) {
        self.first_entry = first_entry;
        self.n_entries = 0;
        self.values.clear();
        self.counts.clear();
        self.inner_counts.clear();
        self.inner_counts.resize_with(inner_levels, Vec::new);
    }
}

/// Reads one column from its first basket to its last. One basket is in memory at a time.
#[derive(Debug)]
pub struct ColumnReader<'t> {
    tree: &'t Tree<'t>,
    name: String,
    layout: Layout,
    parts: Vec<Part<'t>>,
    next: usize,
    scratch: Scratch,
    counter: Counter<'t>,
}

/// Reads the numbers of items if baskets have no entry offsets.
#[derive(Debug, Default)]
struct Counter<'t> {
    reader: Option<Box<ColumnReader<'t>>>,
    counts: Chunk,
}

#[derive(Clone, Debug)]
struct Part<'t> {
    entries: Range<u64>,
    basket: Place<'t>,
}

#[derive(Clone, Copy, Debug)]
enum Place<'t> {
    OnDisk(BasketPlace),
    InTree(&'t Basket),
}

#[derive(Debug, Default)]
struct Scratch {
    basket: Basket,
    buffers: BasketBuffers,
    ends: Vec<usize>,
    payload: Vec<u8>,
}

impl<'t> ColumnReader<'t> {
    pub(crate) fn new(tree: &'t Tree<'t>, column: &Column, layout: Layout) -> Outcome<Self> {
        let branch = &tree.branches().branches[column.branch];
        let parts = parts(branch, tree.entries())?;
        Ok(Self {
            tree,
            name: tree.name_of(column),
            layout,
            parts,
            next: 0,
            scratch: Scratch::default(),
            counter: Counter::default(),
        })
    }

    /// Type and shape of the values.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Baskets, each of which becomes one chunk.
    pub fn n_chunks(&self) -> usize {
        self.parts.len()
    }

    /// Moves to the basket that holds an entry, or past the last one.
    pub fn seek(&mut self, entry: u64) {
        self.next = self.parts.partition_point(|part| part.entries.end <= entry);
    }

    /// Replaces `chunk` with the entries of the next basket; false after the last one.
    ///
    /// # Errors
    /// [`RootError`] for a basket that is damaged, larger than [`limits`](crate::limits) allows,
    /// or does not match the tree.
    pub fn next_chunk(&mut self, chunk: &mut Chunk) -> Result<bool, RootError> {
        let Some(part) = self.parts.get(self.next).cloned() else {
            chunk.clear(self.tree.entries(), self.layout.inner_levels);
            return Ok(false);
        };
        let number = self.next;
        self.next += 1;
        chunk.clear(part.entries.start, self.layout.inner_levels);
        self.decode(&part, chunk).map(|()| true).map_err(|fault| {
            let object = format!("{}, basket {number}", self.name);
            fault.of(self.tree.file().name(), object)
        })
    }

    /// Replaces `chunk` with exactly these entries, which must be in the tree. The size of the
    /// chunk is that of the requested entries.
    ///
    /// # Errors
    /// As [`Self::next_chunk`], and for entries that are not in the tree.
    pub fn read_entries(
        &mut self,
        entries: Range<u64>,
        chunk: &mut Chunk,
    ) -> Result<(), RootError> {
        chunk.clear(entries.start, self.layout.inner_levels);
        if entries.end > self.tree.entries() || entries.start > entries.end {
            let message = format!(
                "entries {}..{} requested, but there are {}",
                entries.start,
                entries.end,
                self.tree.entries()
            );
            let fault = Fault::corrupt(message);
            return Err(fault.of(self.tree.file().name(), self.name.as_str()));
        }
        self.seek(entries.start);
        let mut part = Chunk::default();
        let mut position = entries.start;
        while position < entries.end && self.next_chunk(&mut part)? {
            // Both are inside the chunk, whose number of entries is a usize.
            let from = (position - part.first_entry) as usize;
            let to = (entries.end - part.first_entry).min(part.n_entries as u64) as usize;
            let mut items = from..to;
            if self.layout.jagged {
                items = narrow(&part.counts, items, &mut chunk.counts);
            }
            for (counts, kept) in part.inner_counts.iter().zip(&mut chunk.inner_counts) {
                items = narrow(counts, items, kept);
            }
            let width = self.layout.bytes_per_item();
            chunk.values.extend_from_slice(&part.values[items.start * width..items.end * width]);
            chunk.n_entries += to - from;
            position += (to - from) as u64;
        }
        Ok(())
    }

    fn decode(&mut self, part: &Part<'t>, chunk: &mut Chunk) -> Outcome<()> {
        let n_entries = part.entries.end - part.entries.start;
        let Scratch { basket, buffers, ends, payload } = &mut self.scratch;
        let basket = match &part.basket {
            Place::OnDisk(place) => {
                basket.read(self.tree.file().bytes(), place, buffers)?;
                basket
            }
            Place::InTree(basket) => *basket,
        };
        if basket.n_entries as u64 != n_entries {
            let message = format!("{} entries, but the branch says {n_entries}", basket.n_entries);
            return Err(Fault::corrupt(message));
        }
        chunk.n_entries = basket.n_entries;
        let mut data = basket.data();
        let item_bytes = self.layout.item_bytes;
        match self.layout.entry {
            EntryForm::One => check_len(data, n_entries, item_bytes)?,
            EntryForm::Many { count } => {
                if basket.entry_ends(ends)? {
                    counts_of(ends, item_bytes, &mut chunk.counts)?;
                } else {
                    let entries = part.entries.clone();
                    let n = self.counter.count(self.tree, count, entries, &mut chunk.counts)?;
                    check_len(data, n, item_bytes)?;
                }
            }
            form => {
                if !basket.entry_ends(ends)? {
                    return Err(Fault::unsupported("vectors in a basket without entry offsets"));
                }
                payload.clear();
                let counts = &mut chunk.counts;
                match form {
                    EntryForm::Text => vectors::strip_lengths(data, ends, payload, counts)?,
                    EntryForm::Pointer => {
                        vectors::strip_flags(data, ends, item_bytes, payload, counts)?;
                    }
                    _ => vectors::strip(data, ends, item_bytes, payload, chunk)?,
                }
                data = payload;
            }
        }
        append(&self.layout, data, &mut chunk.values);
        Ok(())
    }
}

impl<'t> Counter<'t> {
    /// Appends the counts of these entries from the leaf that holds them; returns their sum.
    fn count(
        &mut self,
        tree: &'t Tree<'t>,
        leaf: Option<usize>,
        entries: Range<u64>,
        counts: &mut Vec<u32>,
    ) -> Outcome<u64> {
        let unknown = || Fault::unsupported("no entry offsets, and no leaf that holds the counts");
        let reader = match &mut self.reader {
            Some(reader) => reader,
            None => {
                let leaf = leaf.ok_or_else(unknown)?;
                let branches = &tree.branches().branches;
                let column = tree.columns().iter().find(|column| {
                    branches[column.branch].leaves == [leaf]
                        && column.layout().is_some_and(|l| !l.jagged && l.bytes_per_item() == 4)
                });
                let column = column.ok_or_else(unknown)?;
                let layout = column.layout().ok_or_else(unknown)?.clone();
                self.reader.insert(Box::new(ColumnReader::new(tree, column, layout)?))
            }
        };
        reader.read_entries(entries, &mut self.counts).map_err(|e| Fault {
            offset: e.offset,
            kind: e.kind,
            message: e.to_string(),
        })?;
        let mut items = 0u64;
        for bytes in self.counts.values.as_chunks::<4>().0 {
            let n = i32::from_le_bytes(*bytes);
            let n =
                u32::try_from(n).map_err(|_| Fault::corrupt(format!("an entry of {n} items")))?;
            counts.push(n);
            items += u64::from(n);
        }
        Ok(items)
    }
}

fn check_len(data: &[u8], n_items: u64, item_bytes: usize) -> Outcome<()> {
    if n_items.checked_mul(item_bytes as u64) == Some(data.len() as u64) {
        return Ok(());
    }
    let message = format!("{} bytes for {n_items} items of {item_bytes}", data.len());
    Err(Fault::corrupt(message))
}

/// The entries of each basket.
fn parts(branch: &Branch, entries: u64) -> Outcome<Vec<Part<'_>>> {
    let embedded_entries: u64 = branch.embedded.iter().map(|b| b.n_entries as u64).sum();
    // The end of the baskets on disk. Baskets in the tree that repeat them are leftovers from
    // writing.
    let on_disk = match branch.end_of_baskets.map(u64::try_from) {
        Some(Ok(end)) => end,
        Some(Err(_)) => return Err(Fault::corrupt("a basket begins at an entry below zero")),
        None => entries.saturating_sub(embedded_entries),
    };
    let embedded: &[Basket] = if on_disk == entries { &[] } else { &branch.embedded };

    let mut parts = Vec::new();
    let mut position = 0;
    let starts = branch.baskets.iter().map(|basket| u64::try_from(basket.first_entry).ok());
    let ends = starts.skip(1).chain([Some(on_disk)]);
    for (basket, end) in branch.baskets.iter().zip(ends) {
        let end = end.filter(|end| *end >= position && *end <= entries);
        let Some(end) = end.filter(|_| u64::try_from(basket.first_entry) == Ok(position)) else {
            let message = format!(
                "a basket begins at entry {} where {position} of {entries} is next",
                basket.first_entry
            );
            return Err(Fault::corrupt(message));
        };
        parts.push(Part { entries: position..end, basket: Place::OnDisk(*basket) });
        position = end;
    }
    for basket in embedded {
        let end = position + basket.n_entries as u64;
        parts.push(Part { entries: position..end, basket: Place::InTree(basket) });
        position = end;
    }
    if position != entries {
        let message = format!("the baskets hold {position} entries, but the tree has {entries}");
        return Err(Fault::corrupt(message));
    }
    let longest = parts.iter().map(|part| part.entries.end - part.entries.start).max();
    let limit = (MAX_BASKET_BYTES / size_of::<u32>()) as u64;
    if let Some(longest) = longest.filter(|n| *n > limit) {
        return Err(Fault::limit("entries of a basket", longest, limit));
    }
    Ok(parts)
}

/// Items of each entry, from the ends of the entries.
fn counts_of(ends: &[usize], item_bytes: usize, counts: &mut Vec<u32>) -> Outcome<()> {
    let mut start = 0;
    for (i, end) in ends.iter().enumerate() {
        let bytes = end - start;
        start = *end;
        if bytes % item_bytes != 0 {
            let message =
                format!("entry {i} of the basket: {bytes} bytes of items of {item_bytes}");
            return Err(Fault::corrupt(message));
        }
        // Below the limit for a basket.
        counts.push((bytes / item_bytes) as u32);
    }
    Ok(())
}

/// The items of these lists, whose counts are appended to `kept`.
fn narrow(counts: &[u32], lists: Range<usize>, kept: &mut Vec<u32>) -> Range<usize> {
    let sum = |counts: &[u32]| counts.iter().map(|n| *n as usize).sum::<usize>();
    let start = sum(&counts[..lists.start]);
    let counts = &counts[lists];
    kept.extend_from_slice(counts);
    start..start + sum(counts)
}

/// Appends the values of whole items.
fn append(layout: &Layout, data: &[u8], values: &mut Vec<u8>) {
    let (offset, len) = layout.leaf;
    if len == layout.item_bytes {
        return append_run(layout, data, values);
    }
    for item in data.chunks_exact(layout.item_bytes) {
        append_run(layout, &item[offset..offset + len], values);
    }
}

fn append_run(layout: &Layout, data: &[u8], values: &mut Vec<u8>) {
    match layout.encoding {
        Encoding::Packed(packing) => packing.unpack(data, layout.dtype, values),
        Encoding::BigEndian => append_swapped(layout.dtype, data, values),
    }
}

fn append_swapped(dtype: DType, data: &[u8], values: &mut Vec<u8>) {
    fn each<const N: usize>(data: &[u8], values: &mut Vec<u8>) {
        let start = values.len();
        values.resize(start + data.len(), 0);
        let out = values[start..].as_chunks_mut::<N>().0;
        for (to, from) in out.iter_mut().zip(data.as_chunks::<N>().0) {
            *to = *from;
            to.reverse();
        }
    }
    match dtype.size() {
        2 => each::<2>(data, values),
        4 => each::<4>(data, values),
        8 => each::<8>(data, values),
        _ => values.extend_from_slice(data),
    }
}
