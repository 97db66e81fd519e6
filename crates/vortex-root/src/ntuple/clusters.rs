//! Clusters and the places of their pages, from the footer's groups and their page lists.

use crate::bytes::FileBytes;
use crate::error::{Fault, Outcome};
use crate::limits::{MAX_PAGE_LIST_BYTES, MAX_PAGES};
use crate::ntuple::envelope::{Envelope, Kind, Link};
use crate::ntuple::frames::{Frames, Locator};

/// Fewest bytes of the record of a group, of a cluster, and of the list of pages of a column.
const LEAST_GROUP: usize = 8 + 20 + 8 + 12;
const LEAST_CLUSTER: usize = 8 + 16;
const LEAST_LIST: usize = 12 + 8;

/// All clusters, in the order of their entries.
#[derive(Debug, Default)]
pub(super) struct Clusters {
    clusters: Vec<Cluster>,
    runs: Vec<StoredRun>,
    pages: Vec<Page>,
    pub(super) entries: u64,
}

/// Consecutive entries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cluster {
    pub(super) first_entry: u64,
    pub(super) entries: u64,
    /// Its columns among all runs.
    runs: (usize, usize),
}

#[derive(Clone, Copy, Debug)]
struct StoredRun {
    pages: (usize, usize),
    suppressed: bool,
}

/// The pages of a column in a cluster.
#[derive(Clone, Copy, Debug)]
pub(super) enum Run<'a> {
    /// The column did not exist yet.
    Absent,
    /// Another representation holds the elements.
    Suppressed,
    Pages(&'a [Page]),
}

/// The place of some elements of a column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    pub(super) locator: Locator,
    pub(super) elements: u32,
    /// The hash of the stored bytes follows them.
    pub(super) checksum: bool,
}

impl Clusters {
    /// Reads the groups of the footer, and the page list of each.
    pub(super) fn read(
        file: &FileBytes,
        footer: &mut Frames<'_>,
        header_checksum: u64,
    ) -> Outcome<Self> {
        let mut clusters = Self::default();
        let (n, mut groups) = footer.list(LEAST_GROUP)?;
        let (mut stored, mut len) = (0u64, 0u64);
        for _ in 0..n {
            let mut group = groups.record()?;
            // The entries of the group are those of its clusters.
            group.u64()?;
            group.u64()?;
            let n_clusters = group.u32()? as usize;
            let link = Link::read(&mut group)?;
            // No two groups share a page list.
            stored = stored.saturating_add(link.locator.size);
            len = len.saturating_add(link.len);
            if stored > file.len() {
                let message = format!("{stored} bytes of page lists in a file of {}", file.len());
                return Err(Fault::corrupt(message).at(group.place()));
            }
            if len > MAX_PAGE_LIST_BYTES {
                return Err(Fault::limit("bytes of page lists", len, MAX_PAGE_LIST_BYTES));
            }
            let envelope = Envelope::read(file, link, Kind::PageList)?;
            clusters
                .extend(&mut envelope.frames(), n_clusters, header_checksum)
                .map_err(|fault| fault.at(link.locator.offset))?;
        }
        Ok(clusters)
    }

    fn extend(
        &mut self,
        frames: &mut Frames<'_>,
        n_clusters: usize,
        header_checksum: u64,
    ) -> Outcome<()> {
        let checksum = frames.u64()?;
        if checksum != header_checksum {
            let message = format!(
                "a page list for header {checksum:016x}, but this is {header_checksum:016x}"
            );
            return Err(Fault::corrupt(message));
        }
        let (n, mut summaries) = frames.list(LEAST_CLUSTER)?;
        let (n_lists, mut lists) = frames.list(LEAST_LIST - 8)?;
        if n != n_clusters || n_lists != n {
            let message =
                format!("{n_clusters} clusters, but a list of {n} and pages of {n_lists}");
            return Err(Fault::corrupt(message));
        }
        for _ in 0..n {
            let mut summary = summaries.record()?;
            let first_entry = summary.u64()?;
            // The upper byte holds flags.
            let entries = summary.u64()?;
            let (flags, entries) = (entries >> 56, entries & (u64::MAX >> 8));
            if flags & 1 != 0 {
                let message = "the columns of a cluster are sharded, a newer feature that this \
                               version does not know";
                return Err(Fault::unsupported(message));
            }
            if first_entry != self.entries {
                let message = format!(
                    "a cluster begins at entry {first_entry} where {} is next",
                    self.entries
                );
                return Err(Fault::corrupt(message).at(summary.place()));
            }
            let start = self.runs.len();
            self.columns(&mut lists)?;
            let runs = (start, self.runs.len());
            self.clusters.push(Cluster { first_entry, entries, runs });
            let places = self.pages.len().max(self.runs.len()).max(self.clusters.len());
            if places > MAX_PAGES {
                let what = "clusters, pages, and columns of clusters";
                return Err(Fault::limit(what, places as u64, MAX_PAGES as u64));
            }
            self.entries = self.entries.saturating_add(entries);
        }
        Ok(())
    }

    /// The pages of the columns of one cluster.
    fn columns(&mut self, lists: &mut Frames<'_>) -> Outcome<()> {
        let (n_columns, mut columns) = lists.list(LEAST_LIST)?;
        for _ in 0..n_columns {
            // A number of elements and a place for each.
            let (n_pages, mut pages) = columns.list(4 + 12)?;
            let start = self.pages.len();
            for _ in 0..n_pages {
                let elements = pages.i32()?;
                let locator = pages.locator()?;
                let (checksum, elements) = (elements < 0, elements.unsigned_abs());
                self.pages.push(Page { locator, elements, checksum });
            }
            let suppressed = pages.i64()? < 0;
            if suppressed && n_pages > 0 {
                let message = format!("{n_pages} pages of a column that is stored elsewhere");
                return Err(Fault::corrupt(message).at(pages.place()));
            }
            self.runs.push(StoredRun { pages: (start, self.pages.len()), suppressed });
        }
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.clusters.len()
    }

    pub(super) fn get(&self, cluster: usize) -> Option<Cluster> {
        self.clusters.get(cluster).copied()
    }

    /// The cluster that holds an entry, or their number for those after the last.
    pub(super) fn of(&self, entry: u64) -> usize {
        self.clusters.partition_point(|cluster| cluster.first_entry + cluster.entries <= entry)
    }

    /// Columns that a cluster lists.
    pub(super) fn n_columns(&self, cluster: usize) -> usize {
        self.clusters.get(cluster).map_or(0, |cluster| cluster.runs.1 - cluster.runs.0)
    }

    pub(super) fn run(&self, cluster: usize, column: usize) -> Run<'_> {
        let run = self.clusters.get(cluster).and_then(|cluster| {
            let (start, end) = cluster.runs;
            self.runs[start..end].get(column)
        });
        match run {
            None => Run::Absent,
            Some(StoredRun { suppressed: true, .. }) => Run::Suppressed,
            Some(StoredRun { pages: (start, end), .. }) => Run::Pages(&self.pages[*start..*end]),
        }
    }
}
