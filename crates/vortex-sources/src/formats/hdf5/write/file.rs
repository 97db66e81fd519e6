//! A file that grows at its end; its superblock comes last.

use std::io::{Result, Seek, SeekFrom, Write};

use hdf5_reader::checksum::jenkins_lookup3;

use crate::formats::HDF5;

const SUPERBLOCK_BYTES: u64 = 48;
/// The address of something that does not exist.
pub(super) const UNDEFINED: u64 = u64::MAX;

/// A file, and the place of its next byte.
pub(super) struct File<W> {
    out: W,
    at: u64,
}

impl<W: Write + Seek> File<W> {
    /// Leaves room for the superblock.
    pub(super) fn new(mut out: W) -> Result<Self> {
        out.write_all(&[0; SUPERBLOCK_BYTES as usize])?;
        Ok(Self { out, at: SUPERBLOCK_BYTES })
    }

    /// The place of the next byte.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Writes zeros up to a multiple of 8, and returns the place after them.
    pub(super) fn align(&mut self) -> Result<u64> {
        let padding = self.at.next_multiple_of(8) - self.at;
        self.write_all(&[0; 8][..padding as usize])?;
        Ok(self.at)
    }

    /// Writes the superblock (version 2) with the address of the root group.
    pub(super) fn finish(mut self, root: u64) -> Result<W> {
        let mut block = HDF5.to_vec();
        // Version, bytes of an offset, bytes of a length, flags.
        block.extend([2, 8, 8, 0]);
        for address in [0, UNDEFINED, self.at, root] {
            block.extend(address.to_le_bytes());
        }
        block.extend(jenkins_lookup3(&block).to_le_bytes());
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&block)?;
        Ok(self.out)
    }
}

impl<W: Write> Write for File<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let written = self.out.write(bytes)?;
        self.at += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> Result<()> {
        self.out.flush()
    }
}
