//! Text and sequences of variable length: their elements go into heaps, and the dataset refers to
//! them.

use std::io::{Error, Result, Seek, Write};

use super::file::File;
use super::heap::{Packing, collection, end_of_collection, sequence};

/// Writes the heaps of sequences with these lengths; gets their elements in order.
pub(super) struct Filling<'a, W: Write + Seek> {
    file: &'a mut File<W>,
    counts: &'a [u32],
    width: usize,
    packing: Packing,
    /// Bytes of each collection.
    lengths: Vec<u64>,
    /// Address of each collection so far.
    addresses: Vec<u64>,
    /// Next sequence, and bytes that are missing of the current one, and after it.
    next: usize,
    left: usize,
    padding: usize,
}

impl<'a, W: Write + Seek> Filling<'a, W> {
    pub(super) fn new(file: &'a mut File<W>, counts: &'a [u32], width: usize) -> Self {
        let mut packing = Packing::default();
        let mut lengths: Vec<u64> = Vec::new();
        for count in counts.iter().filter(|count| **count > 0) {
            let bytes = *count as usize * width;
            let place = packing.place(bytes);
            if place.collection == lengths.len() {
                lengths.push(0);
            }
            lengths[place.collection] = packing.collection_bytes();
        }
        let (packing, addresses) = (Packing::default(), Vec::new());
        Self { file, counts, width, packing, lengths, addresses, next: 0, left: 0, padding: 0 }
    }

    /// Begins the next sequence that has elements.
    fn begin(&mut self) -> Result<()> {
        loop {
            let count = self.counts.get(self.next).copied();
            let count = count.ok_or_else(|| Error::other("more elements than the lengths say"))?;
            self.next += 1;
            if count == 0 {
                continue;
            }
            self.left = count as usize * self.width;
            self.padding = self.left.next_multiple_of(8) - self.left;
            let place = self.packing.place(self.left);
            if place.collection == self.addresses.len() {
                self.close()?;
                self.addresses.push(self.file.align()?);
                self.file.write_all(&collection(self.lengths[place.collection]))?;
            }
            return self.file.write_all(&sequence(place.index, self.left as u64));
        }
    }

    /// Fills the rest of the last collection.
    fn close(&mut self) -> Result<()> {
        let Some(start) = self.addresses.last() else { return Ok(()) };
        let len = self.lengths[self.addresses.len() - 1];
        let free = (start + len).saturating_sub(self.file.at());
        self.file.write_all(&end_of_collection(free))
    }

    /// The addresses of the collections, when all elements are there.
    pub(super) fn finish(mut self) -> Result<Vec<u64>> {
        if self.left > 0 || self.counts[self.next..].iter().any(|count| *count > 0) {
            return Err(Error::other("fewer elements than the lengths say"));
        }
        self.close()?;
        Ok(self.addresses)
    }
}

impl<W: Write + Seek> Write for Filling<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            self.begin()?;
        }
        let taken = bytes.len().min(self.left);
        self.file.write_all(&bytes[..taken])?;
        self.left -= taken;
        if self.left == 0 {
            self.file.write_all(&[0; 8][..self.padding])?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// The references to sequences with these lengths, in pieces.
pub(super) fn references<'a>(
    counts: &'a [u32],
    width: usize,
    addresses: &'a [u64],
) -> impl Iterator<Item = Vec<u8>> + 'a {
    let mut packing = Packing::default();
    counts.chunks(1 << 16).map(move |counts| {
        let mut piece = Vec::with_capacity(16 * counts.len());
        for count in counts {
            piece.extend(count.to_le_bytes());
            if *count == 0 {
                piece.extend([0; 12]);
                continue;
            }
            let place = packing.place(*count as usize * width);
            let address = addresses.get(place.collection).copied().unwrap_or_default();
            piece.extend(address.to_le_bytes());
            piece.extend(u32::from(place.index).to_le_bytes());
        }
        piece
    })
}
