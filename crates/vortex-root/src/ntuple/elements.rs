//! The elements of one column of an RNTuple, page by page.

use vortex_base::dtype::DType;

use crate::blocks::Decompressor;
use crate::bytes::FileBytes;
use crate::error::{Fault, Outcome};
use crate::limits::MAX_BASKET_BYTES;
use crate::ntuple::Ntuple;
use crate::ntuple::clusters::{Page, Run};
use crate::ntuple::encoding::Encoding;
use crate::ntuple::plan::Slot;
use crate::ntuple::widen::widen;

/// Reads ranges of elements of one cluster after the other. One page is in memory at a time.
#[derive(Debug)]
pub(super) struct Elements<'t> {
    slot: &'t Slot,
    /// Type of the values that come out; `None` for ends and switches.
    dtype: Option<DType>,
    encoding: Encoding,
    /// Elements that were not written because the column was added later.
    zeros: u64,
    pages: &'t [Page],
    len: u64,
    /// The page that was used last, and the number of its first element.
    last: (usize, u64),
    /// A decoded page.
    decoded: Vec<u8>,
    loaded: Option<usize>,
    buffers: Buffers,
}

#[derive(Debug, Default)]
struct Buffers {
    decompressor: Decompressor,
    stored: Vec<u8>,
    page: Vec<u8>,
    narrow: Vec<u8>,
}

impl<'t> Elements<'t> {
    pub(super) fn new(slot: &'t Slot, dtype: Option<DType>) -> Self {
        Self {
            slot,
            dtype,
            encoding: Encoding::Bits,
            zeros: 0,
            pages: &[],
            len: 0,
            last: (0, 0),
            decoded: Vec::new(),
            loaded: None,
            buffers: Buffers::default(),
        }
    }

    /// Moves to a cluster. `flat` is the number of elements for each entry, for a column that is
    /// not in lists of varying lengths.
    pub(super) fn enter(
        &mut self,
        ntuple: &'t Ntuple,
        cluster: usize,
        flat: Option<u64>,
    ) -> Outcome<()> {
        let mut active = None;
        let mut absent = None;
        for column in self.slot {
            match ntuple.clusters.run(cluster, *column) {
                Run::Pages(pages) if active.is_none() => active = Some((*column, pages)),
                Run::Pages(_) => {
                    return Err(Fault::corrupt("two representations of the same elements"));
                }
                Run::Absent if ntuple.schema.columns[*column].first >= 0 => {
                    absent = absent.or(Some((*column, &[][..])));
                }
                Run::Absent | Run::Suppressed => {}
            }
        }
        let Some((column, pages)) = active.or(absent) else {
            return Err(Fault::corrupt("no representation of the elements"));
        };
        let column = &ntuple.schema.columns[column];
        // Columns without an encoding have no plan.
        self.encoding = *column.encoding.as_ref().map_err(|e| Fault::unsupported(e.as_str()))?;
        self.pages = pages;
        let stored: u64 = pages.iter().map(|page| u64::from(page.elements)).sum();
        self.zeros = 0;
        if let (Some(flat), Some(place)) = (flat, ntuple.clusters.get(cluster)) {
            let wanted = place.entries.checked_mul(flat);
            let start = place.first_entry.checked_mul(flat);
            let (Some(wanted), Some(start)) = (wanted, start) else {
                return Err(Fault::limit("values of an entry", flat, u64::MAX));
            };
            let first = u64::try_from(column.first).unwrap_or(0);
            self.zeros = first.saturating_sub(start).min(wanted);
            if self.zeros.checked_add(stored) != Some(wanted) {
                return Err(Fault::corrupt(format!(
                    "{stored} elements in the pages of the cluster, but its {} entries have {}",
                    place.entries,
                    wanted - self.zeros
                )));
            }
        }
        self.len = self.zeros + stored;
        self.last = (0, self.zeros);
        self.loaded = None;
        Ok(())
    }

    /// Elements of this cluster.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// The end of the page that holds an element, or of the zeros before the pages.
    pub(super) fn page_end(&mut self, element: u64) -> u64 {
        if element < self.zeros {
            return self.zeros;
        }
        self.find(element).map_or(self.len, |(_, _, end)| end)
    }

    /// Appends elements to `out`; the range must be in the cluster.
    pub(super) fn read(
        &mut self,
        file: &FileBytes,
        mut start: u64,
        end: u64,
        out: &mut Vec<u8>,
    ) -> Outcome<()> {
        let outside = || Fault::corrupt(format!("elements {start} to {end} of {}", self.len));
        if start > end || end > self.len {
            return Err(outside());
        }
        let width = self.dtype.map_or(self.encoding.decoded_bytes(), DType::size);
        // A range is never larger than a chunk.
        let bytes = |n: u64| n as usize * width;
        if start < self.zeros {
            let stop = self.zeros.min(end);
            out.resize(out.len() + bytes(stop - start), 0);
            start = stop;
        }
        while start < end {
            let Some((page, first, page_end)) = self.find(start) else {
                return Err(Fault::corrupt(format!("element {start} is in no page")));
            };
            let stop = page_end.min(end);
            if self.loaded != Some(page) {
                if (start, stop) == (first, page_end) {
                    self.decode(file, page, out)?;
                    start = stop;
                    continue;
                }
                self.loaded = None;
                let mut decoded = std::mem::take(&mut self.decoded);
                decoded.clear();
                let outcome = self.decode(file, page, &mut decoded);
                self.decoded = decoded;
                outcome?;
                self.loaded = Some(page);
            }
            let range = bytes(start - first)..bytes(stop - first);
            out.extend_from_slice(&self.decoded[range]);
            start = stop;
        }
        Ok(())
    }

    /// The page that holds an element, its first element and its end.
    fn find(&mut self, element: u64) -> Option<(usize, u64, u64)> {
        if element < self.last.1 {
            self.last = (0, self.zeros);
        }
        let (page, mut first) = self.last;
        for (number, place) in self.pages.iter().enumerate().skip(page) {
            let end = first + u64::from(place.elements);
            if element < end {
                self.last = (number, first);
                return Some((number, first, end));
            }
            first = end;
        }
        None
    }

    /// Appends the elements of a page.
    fn decode(&mut self, file: &FileBytes, page: usize, out: &mut Vec<u8>) -> Outcome<()> {
        let page = &self.pages[page];
        let offset = page.locator.offset;
        let encoding = self.encoding;
        self.buffers.load(file, page, encoding).map_err(|fault| Fault {
            offset: Some(offset),
            message: format!("page: {}", fault.message),
            ..fault
        })?;
        let Buffers { page: bytes, narrow, .. } = &mut self.buffers;
        let n = page.elements as usize;
        match (self.dtype, encoding.dtype()) {
            (Some(to), Some(from)) if to != from => {
                narrow.clear();
                encoding.decode(bytes, n, narrow);
                widen(narrow, from, to, out);
            }
            _ => encoding.decode(bytes, n, out),
        }
        Ok(())
    }
}

impl Buffers {
    /// Reads and decompresses the bytes of a page.
    fn load(&mut self, file: &FileBytes, page: &Page, encoding: Encoding) -> Outcome<()> {
        let size = page.locator.size;
        let len = (u64::from(page.elements) * encoding.bits()).div_ceil(8);
        let decoded = u64::from(page.elements) * encoding.decoded_bytes() as u64;
        let largest = len.max(size).max(decoded);
        let limit = MAX_BASKET_BYTES as u64;
        if largest > limit {
            return Err(Fault::limit("bytes of a page", largest, limit));
        }
        let with_checksum = size as usize + if page.checksum { 8 } else { 0 };
        file.read(page.locator.offset, with_checksum, &mut self.stored)?;
        if page.checksum {
            let stored = self.stored.split_off(size as usize);
            let found = xxhash_rust::xxh3::xxh3_64(&self.stored);
            if found.to_le_bytes() != *stored {
                return Err(Fault::corrupt(format!(
                    "{size} bytes have checksum {found:016x}, but another one is stored: the file \
                     is damaged"
                )));
            }
        }
        if size == len {
            std::mem::swap(&mut self.stored, &mut self.page);
            return Ok(());
        }
        self.decompressor.all(&self.stored, len as usize, &mut self.page)
    }
}
