//! The values of a branch of a tree, basket by basket.

use std::ops::Range;

use vortex_base::dtype::DType;

use crate::basket::{Basket, BasketBuffers};
use crate::branch::{BasketPlace, Branch};
use crate::chunk::Chunk;
use crate::column::ColumnReader;
use crate::error::{Fault, Outcome};
use crate::file::Tree;
use crate::layout::{BasketForm, Encoding, EntryForm, Layout, Origin};
use crate::limits::MAX_BASKET_BYTES;
use crate::vectors::{self, Lists};

/// Reads one branch from its first basket to its last. One basket is in memory at a time.
#[derive(Debug)]
pub(crate) struct Baskets<'t> {
    tree: &'t Tree<'t>,
    form: BasketForm,
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

impl<'t> Baskets<'t> {
    pub(crate) fn new(tree: &'t Tree<'t>, branch: &'t Branch, form: BasketForm) -> Outcome<Self> {
        let parts = parts(branch, tree.entries())?;
        let (scratch, counter) = (Scratch::default(), Counter::default());
        Ok(Self { tree, form, parts, next: 0, scratch, counter })
    }

    /// The number of the next basket.
    pub(crate) fn number(&self) -> usize {
        self.next
    }

    /// Moves to the basket that holds an entry, or past the last one.
    pub(crate) fn seek(&mut self, entry: u64) {
        self.next = self.parts.partition_point(|part| part.entries.end <= entry);
    }

    /// Fills a chunk, which is empty, with the entries of the next basket; false after the last one.
    pub(crate) fn next_chunk(&mut self, layout: &Layout, chunk: &mut Chunk) -> Outcome<bool> {
        let Some(part) = self.parts.get(self.next).cloned() else { return Ok(false) };
        self.next += 1;
        chunk.first_entry = part.entries.start;
        self.decode(&part, layout, chunk)?;
        Ok(true)
    }

    fn decode(&mut self, part: &Part<'t>, layout: &Layout, chunk: &mut Chunk) -> Outcome<()> {
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
        let data = basket.data();
        let item_bytes = self.form.item_bytes;
        payload.clear();
        let mut items = || match self.form.entry {
            EntryForm::One => check_len(data, n_entries, item_bytes),
            EntryForm::Many { count } => {
                if basket.entry_ends(ends)? {
                    return counts_of(ends, item_bytes, &mut chunk.counts);
                }
                let entries = part.entries.clone();
                let n = self.counter.count(self.tree, count, entries, &mut chunk.counts)?;
                check_len(data, n, item_bytes)
            }
            EntryForm::Pointer | EntryForm::Lists(_) => {
                if !basket.entry_ends(ends)? {
                    if self.form.entry != EntryForm::Lists(Lists::TEXT) {
                        let message = "vectors in a basket without entry offsets";
                        return Err(Fault::unsupported(message));
                    }
                    vectors::ends_of_texts(data, basket.n_entries, ends)?;
                }
                if let EntryForm::Lists(lists) = self.form.entry {
                    let object = self.form.object.as_deref();
                    return vectors::strip(data, ends, lists, item_bytes, object, payload, chunk);
                }
                vectors::strip_flags(data, ends, item_bytes, payload, &mut chunk.counts)
            }
        };
        let outcome = items();
        let in_payload = matches!(self.form.entry, EntryForm::Pointer | EntryForm::Lists(_));
        let data = if in_payload { payload } else { data };
        if let Some(object) = &self.form.object {
            // Some classes have their own way to write objects.
            outcome.and_then(|()| object.check(data)).map_err(|fault| {
                let message = "objects that are not stored as the file describes their class";
                Fault::unsupported(format!("{message}: {}", fault.message))
            })?;
        } else {
            outcome?;
        }
        append(&self.form, layout.dtype, data, &mut chunk.values);
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
                let branches = tree.branches().ok_or_else(unknown)?;
                let column = tree.columns().iter().find(|column| {
                    let Origin::Branch(branch) = column.origin else { return false };
                    branches.branches[branch].leaves == [leaf]
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

/// Appends the values of whole items.
fn append(form: &BasketForm, dtype: DType, data: &[u8], values: &mut Vec<u8>) {
    let (offset, len) = form.leaf;
    if len == form.item_bytes {
        return append_run(form, dtype, data, values);
    }
    for item in data.chunks_exact(form.item_bytes) {
        append_run(form, dtype, &item[offset..offset + len], values);
    }
}

fn append_run(form: &BasketForm, dtype: DType, data: &[u8], values: &mut Vec<u8>) {
    match form.encoding {
        Encoding::Packed(packing) => packing.unpack(data, dtype, values),
        Encoding::BigEndian => append_swapped(dtype, data, values),
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
