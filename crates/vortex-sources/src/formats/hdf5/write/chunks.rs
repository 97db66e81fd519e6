//! Values in their order become chunks: rows of chunks are collected, cut, filtered and written.

use std::convert::Infallible;
use std::io::{Error, Result, Seek, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::file::File;
use super::index::Entry;
use crate::formats::hdf5::runs::each_run;

/// How chunks are made.
pub(super) struct Chunking {
    pub(super) shape: Vec<u64>,
    pub(super) lengths: Vec<u32>,
    /// Bytes of an element.
    pub(super) element: usize,
    /// An element that was never written.
    pub(super) fill: Vec<u8>,
    pub(super) shuffle: bool,
    pub(super) deflate: Option<u32>,
}

/// Gets the values of a dataset in their order.
pub(super) struct Chunks<'a, W: Write + Seek> {
    file: &'a mut File<W>,
    how: Chunking,
    /// The rows that the current row of chunks covers, as far as they are known.
    rows: Vec<u8>,
    first_row: u64,
    entries: Vec<Entry>,
}

impl<'a, W: Write + Seek> Chunks<'a, W> {
    pub(super) fn new(file: &'a mut File<W>, how: Chunking) -> Self {
        Self { file, how, rows: Vec::new(), first_row: 0, entries: Vec::new() }
    }

    /// The chunks that were written.
    pub(super) fn entries(self) -> Vec<Entry> {
        self.entries
    }

    /// Number of rows that the current row of chunks covers.
    fn height(&self) -> u64 {
        let left = self.how.shape[0].saturating_sub(self.first_row);
        left.min(self.how.lengths[0].into())
    }

    fn row_bytes(&self) -> usize {
        let row = self.how.shape[1..].iter().fold(1, |n: u64, d| n.saturating_mul(*d));
        // The caller has checked the length of a row of chunks.
        row as usize * self.how.element
    }

    /// Writes the chunks of the collected rows.
    fn cut(&mut self) -> Result<()> {
        let rank = self.how.shape.len();
        let grid: Vec<u64> =
            (1..rank).map(|d| self.how.shape[d].div_ceil(self.how.lengths[d].into())).collect();
        let count: u64 = grid.iter().product();
        for number in 0..count {
            let mut first = vec![self.first_row; rank];
            let mut rest = number;
            for d in (1..rank).rev() {
                first[d] = rest % grid[d - 1] * u64::from(self.how.lengths[d]);
                rest /= grid[d - 1];
            }
            let chunk = self.chunk(&first);
            if chunk.chunks_exact(self.how.element).all(|element| element == self.how.fill) {
                continue;
            }
            let chunk = self.filtered(chunk)?;
            let address = self.file.at();
            self.file.write_all(&chunk)?;
            let bytes = u32::try_from(chunk.len()).map_err(|_| Error::other("a chunk of 4 GiB"))?;
            self.entries.push(Entry { first, address, bytes });
        }
        self.first_row += self.height();
        self.rows.clear();
        Ok(())
    }

    /// The elements of a chunk; those outside of the dataset are never written.
    fn chunk(&self, first: &[u64]) -> Vec<u8> {
        let Chunking { shape, lengths, element, fill, .. } = &self.how;
        let rank = shape.len();
        let elements: usize = lengths.iter().map(|n| *n as usize).product();
        let mut chunk = fill.repeat(elements);
        let inside: Vec<u64> =
            (0..rank).map(|d| u64::from(lengths[d]).min(shape[d] - first[d])).collect();
        let run = inside[rank - 1] as usize * element;
        let copied = each_run(&inside, |index| {
            let (mut from, mut to) = (0, 0);
            for d in 0..rank {
                let start = if d == 0 { 0 } else { first[d] as usize };
                let rows = if d == 0 { 1 } else { shape[d] as usize };
                let place = index[d] as usize;
                from = from * rows + start + place;
                to = to * lengths[d] as usize + place;
            }
            chunk[to * element..][..run].copy_from_slice(&self.rows[from * element..][..run]);
            Ok::<(), Infallible>(())
        });
        let Ok(()) = copied;
        chunk
    }

    fn filtered(&self, chunk: Vec<u8>) -> Result<Vec<u8>> {
        let element = self.how.element;
        let chunk = match self.how.shuffle && element > 1 {
            false => chunk,
            true => {
                let plane = |place| chunk.iter().skip(place).step_by(element).copied();
                (0..element).flat_map(plane).collect()
            }
        };
        let Some(level) = self.how.deflate else { return Ok(chunk) };
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(&chunk)?;
        encoder.finish()
    }
}

impl<W: Write + Seek> Write for Chunks<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let whole = self.height() as usize * self.row_bytes();
        if whole == 0 {
            return Err(Error::other("more values than the shape has"));
        }
        let taken = bytes.len().min(whole - self.rows.len());
        self.rows.extend_from_slice(&bytes[..taken]);
        if self.rows.len() == whole {
            self.cut()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
