//! Ranges of the original bytes, block by block. The last decoded block is kept: the next range
//! often begins in it.

use std::io::{self, Read, Seek, Write};
use std::ops::Range;

use vortex_coder::container::IndexedReader;

use crate::error::Result;

/// A reader and the block that it decoded last.
pub(super) struct Blocks<R: Read + Seek> {
    reader: IndexedReader<R>,
    kept: Kept,
}

/// A decoded block, or no bytes.
#[derive(Default)]
struct Kept {
    start: u64,
    bytes: Vec<u8>,
}

impl<R: Read + Seek> Blocks<R> {
    pub(super) fn new(reader: IndexedReader<R>) -> Self {
        Self { reader, kept: Kept::default() }
    }

    pub(super) fn reader(&mut self) -> &mut IndexedReader<R> {
        &mut self.reader
    }

    /// Gives `len` original bytes from `start` on to `take`, in order and in pieces of up to a
    /// block.
    ///
    /// # Errors
    /// As [`IndexedReader::read_range_to`].
    pub(super) fn read(&mut self, start: u64, len: u64, take: &mut dyn FnMut(&[u8])) -> Result<()> {
        let mut wanted = start..start + len;
        let known = self.kept.within(&wanted);
        take(known);
        wanted.start += known.len() as u64;
        if wanted.is_empty() {
            return Ok(());
        }
        let (first, last) = (self.block(wanted.start), self.block(wanted.end - 1));
        // After an error, nothing is kept.
        let mut bytes = std::mem::take(&mut self.kept).bytes;
        bytes.clear();
        let kept = Kept { start: last.start, bytes };
        let mut passing = Passing { at: first.start, wanted, take, kept };
        // Blocks are decoded as a whole, so the bytes before and after the range cost nothing.
        self.reader.read_range_to(first.start, last.end - first.start, &mut passing)?;
        self.kept = passing.kept;
        Ok(())
    }

    /// The bytes of the block of a byte; empty for a byte that does not exist.
    fn block(&self, byte: u64) -> Range<u64> {
        let ends = |at: u64, len: u64| at.saturating_add(len);
        let mut members = self.reader.members();
        let member = members.find(|info| byte < ends(info.original_offset, info.original_bytes));
        let Some(info) = member else { return byte..byte.saturating_add(1) };
        let block_bytes = u64::from(info.block_bytes).max(1);
        let before = (byte - info.original_offset) / block_bytes * block_bytes;
        let start = info.original_offset + before;
        start..ends(start, block_bytes.min(info.original_bytes - before))
    }
}

impl Kept {
    /// Its bytes from the start of a range on.
    fn within(&self, wanted: &Range<u64>) -> &[u8] {
        let end = self.start + self.bytes.len() as u64;
        match (self.start..end).contains(&wanted.start) {
            true => {
                let at = |byte: u64| (byte - self.start) as usize;
                &self.bytes[at(wanted.start)..at(wanted.end.min(end))]
            }
            false => &[],
        }
    }
}

/// Gets whole blocks, passes what is wanted of them on, and keeps the last one.
struct Passing<'a> {
    at: u64,
    wanted: Range<u64>,
    take: &'a mut dyn FnMut(&[u8]),
    /// The last block, from its start on.
    kept: Kept,
}

impl Write for Passing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Both are at most the length of `bytes`.
        let within = |byte: u64| byte.saturating_sub(self.at).min(bytes.len() as u64) as usize;
        let wanted = within(self.wanted.start)..within(self.wanted.end);
        if !wanted.is_empty() {
            (self.take)(&bytes[wanted]);
        }
        self.kept.bytes.extend_from_slice(&bytes[within(self.kept.start)..]);
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
