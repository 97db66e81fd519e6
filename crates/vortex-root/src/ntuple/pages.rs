//! The values of a column of an RNTuple, some entries at a time.

use crate::bytes::FileBytes;
use crate::chunk::Chunk;
use crate::error::{Fault, Outcome};
use crate::limits::MAX_BASKET_BYTES;
use crate::ntuple::Ntuple;
use crate::ntuple::clusters::Cluster;
use crate::ntuple::elements::Elements;
use crate::ntuple::encoding::{END, SWITCH};
use crate::ntuple::plan::{Level, Plan};

/// Bytes of values of a chunk, unless one entry has more.
const CHUNK_BYTES: u64 = 4 << 20;
/// Lists of a chunk, unless one entry has more.
const CHUNK_LISTS: u64 = 1 << 18;

/// Reads one column from its first entry to its last.
#[derive(Debug)]
pub(crate) struct Pages<'t> {
    ntuple: &'t Ntuple,
    file: &'t FileBytes,
    plan: &'t Plan,
    levels: Vec<Lists<'t>>,
    values: Elements<'t>,
    /// The next entry.
    entry: u64,
    cluster: Option<usize>,
    /// Entries that made a chunk of a good size.
    guess: u64,
    scratch: Vec<u8>,
}

/// The numbers of items of the lists of one level.
#[derive(Debug)]
enum Lists<'t> {
    Fixed(u64),
    /// With the number of the list that comes next, and the end of the one before.
    Ends(Elements<'t>, (u64, u64)),
    Alternative(Elements<'t>, u32),
}

/// Lists or items: the number of the first in the cluster, and how many.
#[derive(Clone, Copy, Debug)]
struct Range {
    /// `None` if there are none, so that it is not known.
    start: Option<u64>,
    n: u64,
}

impl<'t> Pages<'t> {
    pub(crate) fn new(ntuple: &'t Ntuple, file: &'t FileBytes, plan: usize) -> Outcome<Self> {
        let Some(plan) = ntuple.plans.get(plan) else {
            return Err(Fault::unsupported("a column without values"));
        };
        let levels = plan.levels.iter().map(|level| match level {
            Level::Fixed(n) => Lists::Fixed(*n),
            Level::Ends(slot) => Lists::Ends(Elements::new(slot, None), (0, 0)),
            Level::Alternative(slot, tag) => Lists::Alternative(Elements::new(slot, None), *tag),
        });
        Ok(Self {
            ntuple,
            file,
            plan,
            levels: levels.collect(),
            values: Elements::new(&plan.values, Some(plan.dtype)),
            entry: 0,
            cluster: None,
            guess: 4096,
            scratch: Vec::new(),
        })
    }

    pub(crate) fn seek(&mut self, entry: u64) {
        self.entry = entry.min(self.ntuple.entries());
    }

    /// The number of the cluster that holds the next entry.
    pub(crate) fn cluster(&self) -> usize {
        self.ntuple.clusters.of(self.entry)
    }

    /// Fills a chunk, which is empty, with the next entries; false after the last one.
    pub(crate) fn next_chunk(&mut self, chunk: &mut Chunk) -> Outcome<bool> {
        let number = self.cluster();
        let Some(cluster) = self.ntuple.clusters.get(number) else { return Ok(false) };
        if self.cluster != Some(number) {
            self.cluster = None;
            self.enter(number)?;
            self.cluster = Some(number);
        }
        let first = self.entry - cluster.first_entry;
        let left = cluster.entries - first;
        let item_bytes = self.plan.values_per_item * self.plan.dtype.size() as u64;
        let mut n = if self.levels.is_empty() {
            let per = self.plan.values_per_item;
            // The elements of all entries of a cluster were counted before.
            let in_page = (self.values.page_end(first * per) - first * per) / per;
            in_page.min(CHUNK_BYTES / item_bytes)
        } else {
            self.guess
        };
        n = n.clamp(1, left);
        while let Err(fraction) = self.gather(cluster, first, n, chunk)? {
            n = (n / fraction.saturating_add(1)).max(1);
        }
        let bytes = chunk.values.len() as u64;
        self.guess = if bytes < CHUNK_BYTES / 4 { n.saturating_mul(2).min(1 << 16) } else { n };
        chunk.first_entry = self.entry;
        chunk.n_entries = n as usize;
        self.entry += n;
        Ok(true)
    }

    fn enter(&mut self, cluster: usize) -> Outcome<()> {
        // The elements of an entry, while their number is always the same.
        let mut flat = Some(1u64);
        for level in &mut self.levels {
            match level {
                Lists::Fixed(n) => flat = flat.map(|flat| flat.saturating_mul(*n)),
                Lists::Ends(elements, next) => {
                    elements.enter(self.ntuple, cluster, flat.take())?;
                    *next = (0, 0);
                }
                Lists::Alternative(elements, _) => {
                    elements.enter(self.ntuple, cluster, flat.take())?;
                }
            }
        }
        let flat = flat.map(|flat| flat.saturating_mul(self.plan.values_per_item));
        self.values.enter(self.ntuple, cluster, flat)
    }

    /// Reads entries of a cluster. `Err`: they are too many, and are this number of chunks.
    fn gather(
        &mut self,
        cluster: Cluster,
        first: u64,
        n: u64,
        chunk: &mut Chunk,
    ) -> Outcome<Result<(), u64>> {
        let last = first + n == cluster.entries;
        let mut range = Range { start: Some(first), n };
        let mut lists_before = false;
        chunk.values.clear();
        for (number, level) in self.levels.iter_mut().enumerate() {
            if range.n > CHUNK_LISTS && n > 1 {
                return Ok(Err(range.n / CHUNK_LISTS));
            }
            let limit = (MAX_BASKET_BYTES / size_of::<u32>()) as u64;
            if range.n > limit {
                return Err(Fault::limit("lists of an entry", range.n, limit));
            }
            let counts = match number.checked_sub(1) {
                None => &mut chunk.counts,
                Some(inner) => &mut chunk.inner_counts[inner],
            };
            counts.clear();
            if let Lists::Ends(elements, _) | Lists::Alternative(elements, _) = level {
                if last && lists_before {
                    range.ends_with(elements)?;
                }
                lists_before = true;
            }
            range = level.read(self.file, range, counts, &mut self.scratch)?;
        }
        let Plan { values_per_item, dtype, .. } = self.plan;
        let bytes = range.n.saturating_mul(values_per_item * dtype.size() as u64);
        if bytes > CHUNK_BYTES && n > 1 {
            return Ok(Err(bytes / CHUNK_BYTES));
        }
        if bytes > MAX_BASKET_BYTES as u64 {
            return Err(Fault::limit("bytes of an entry", bytes, MAX_BASKET_BYTES as u64));
        }
        let values = range.times(*values_per_item)?;
        if last && lists_before {
            values.ends_with(&self.values)?;
        }
        if let Some(start) = values.start {
            self.values.read(self.file, start, start + values.n, &mut chunk.values)?;
        }
        Ok(Ok(()))
    }
}

impl Range {
    fn times(self, factor: u64) -> Outcome<Self> {
        let limit = || Fault::limit("items of an entry", factor, u64::MAX / self.n.max(1));
        let n = self.n.checked_mul(factor).ok_or_else(limit)?;
        let start = match self.start {
            Some(start) => {
                let start = start.checked_mul(factor).ok_or_else(limit)?;
                start.checked_add(n).ok_or_else(limit)?;
                Some(start)
            }
            None => None,
        };
        Ok(Self { start, n })
    }

    /// The lists of a cluster hold all its items.
    fn ends_with(self, items: &Elements<'_>) -> Outcome<()> {
        match self.start {
            Some(start) if start.saturating_add(self.n) != items.len() => {
                Err(Fault::corrupt(format!(
                    "lists of {} items, but {} items are stored",
                    start.saturating_add(self.n),
                    items.len()
                )))
            }
            _ => Ok(()),
        }
    }
}

impl Lists<'_> {
    /// Appends the number of items of each of these lists; returns the items.
    fn read(
        &mut self,
        file: &FileBytes,
        lists: Range,
        counts: &mut Vec<u32>,
        scratch: &mut Vec<u8>,
    ) -> Outcome<Range> {
        scratch.clear();
        let none = Range { start: None, n: 0 };
        let Range { start: Some(start), n } = lists else { return Ok(none) };
        match self {
            Self::Fixed(items) => {
                // At most MAX_ITEM_VALUES.
                counts.resize(n as usize, *items as u32);
                lists.times(*items)
            }
            Self::Ends(elements, next) => {
                let mut before = 0;
                if start > 0 {
                    if next.0 != start {
                        elements.read(file, start - 1, start, scratch)?;
                        let end = scratch.first_chunk().copied().unwrap_or_default();
                        *next = (start, u64::from_le_bytes(end));
                        scratch.clear();
                    }
                    before = next.1;
                }
                elements.read(file, start, start + n, scratch)?;
                let items_start = before;
                for (list, end) in (start..).zip(scratch.as_chunks::<END>().0) {
                    let end = u64::from_le_bytes(*end);
                    let n = end.checked_sub(before).and_then(|n| u32::try_from(n).ok());
                    let Some(n) = n else {
                        return Err(Fault::corrupt(format!(
                            "list {list} of the cluster has items {before} to {end}"
                        )));
                    };
                    counts.push(n);
                    before = end;
                }
                *next = (start + n, before);
                Ok(Range { start: Some(items_start), n: before - items_start })
            }
            Self::Alternative(elements, tag) => {
                elements.read(file, start, start + n, scratch)?;
                let mut items = none;
                for (variant, switch) in (start..).zip(scratch.as_chunks::<SWITCH>().0) {
                    let [i0, i1, i2, i3, i4, i5, i6, i7, kind @ ..] = *switch;
                    let here = u32::from_le_bytes(kind) == *tag;
                    counts.push(u32::from(here));
                    if !here {
                        continue;
                    }
                    let index = u64::from_le_bytes([i0, i1, i2, i3, i4, i5, i6, i7]);
                    let wanted = items.start.get_or_insert(index).saturating_add(items.n);
                    if index != wanted {
                        return Err(Fault::corrupt(format!(
                            "variant {variant} of the cluster is item {index} of alternative \
                             {tag} where {wanted} is next"
                        )));
                    }
                    items.n += 1;
                }
                Ok(items)
            }
        }
    }
}
