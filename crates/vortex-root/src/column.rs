//! The values of a column, some entries at a time.

use std::ops::Range;

use crate::baskets::Baskets;
use crate::chunk::Chunk;
use crate::error::{Fault, Outcome, RootError};
use crate::file::{Description, Tree};
use crate::layout::{Column, Layout, Origin, Stored};
use crate::ntuple::Pages;

/// Reads one column from its first entry to its last. One basket, or one page of each list around
/// the values, is in memory at a time.
#[derive(Debug)]
pub struct ColumnReader<'t> {
    tree: &'t Tree<'t>,
    name: String,
    layout: Layout,
    source: Source<'t>,
}

#[derive(Debug)]
enum Source<'t> {
    Baskets(Baskets<'t>),
    Pages(Pages<'t>),
}

impl<'t> ColumnReader<'t> {
    pub(crate) fn new(tree: &'t Tree<'t>, column: &Column, layout: Layout) -> Outcome<Self> {
        let source = match (tree.description(), column.origin, &layout.stored) {
            (Description::Branches(branches), Origin::Branch(branch), Stored::Basket(form)) => {
                Source::Baskets(Baskets::new(tree, &branches.branches[branch], form.clone())?)
            }
            (Description::Ntuple(ntuple), Origin::Plan(plan), Stored::Pages) => {
                Source::Pages(Pages::new(ntuple, tree.file().bytes(), plan)?)
            }
            _ => return Err(Fault::unsupported("a column of another tree")),
        };
        Ok(Self { tree, name: tree.name_of(column), layout, source })
    }

    /// Type and shape of the values.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Moves to the basket that holds an entry, or to the entry in an RNTuple; or past the last one.
    pub fn seek(&mut self, entry: u64) {
        match &mut self.source {
            Source::Baskets(baskets) => baskets.seek(entry),
            Source::Pages(pages) => pages.seek(entry),
        }
    }

    /// Replaces `chunk` with the next entries, those of a basket or of some pages; false after the
    /// last one.
    ///
    /// # Errors
    /// [`RootError`] for a basket or a page that is damaged, larger than
    /// [`limits`](crate::limits) allows, or does not match the tree.
    pub fn next_chunk(&mut self, chunk: &mut Chunk) -> Result<bool, RootError> {
        chunk.clear(self.tree.entries(), self.layout.inner_levels);
        let (outcome, place) = match &mut self.source {
            Source::Baskets(baskets) => {
                let number = baskets.number();
                (baskets.next_chunk(&self.layout, chunk), ("basket", number))
            }
            Source::Pages(pages) => {
                let number = pages.cluster();
                (pages.next_chunk(chunk), ("cluster", number))
            }
        };
        outcome.map_err(|fault| {
            let object = format!("{}, {} {}", self.name, place.0, place.1);
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
}

/// The items of these lists, whose counts are appended to `kept`.
fn narrow(counts: &[u32], lists: Range<usize>, kept: &mut Vec<u32>) -> Range<usize> {
    let sum = |counts: &[u32]| counts.iter().map(|n| *n as usize).sum::<usize>();
    let start = sum(&counts[..lists.start]);
    let counts = &counts[lists];
    kept.extend_from_slice(counts);
    start..start + sum(counts)
}
