//! Global heaps: sequences of variable length, and what is to be put in when all addresses are
//! known.

use std::io::{Result, Seek, Write};

use super::file::File;

/// Smallest collection, and the length from which a new one begins, in bytes.
const MIN_BYTES: usize = 4096;
const FULL_BYTES: usize = 1 << 20;
/// Most sequences in a collection.
const MAX_SEQUENCES: usize = 65_000;
const HEADER_BYTES: usize = 16;

/// Bytes with places for addresses.
#[derive(Debug, Default)]
pub(super) struct Blob {
    pub(super) bytes: Vec<u8>,
    patches: Vec<(usize, Patch)>,
}

/// What goes into 8 bytes.
#[derive(Clone, Copy, Debug)]
enum Patch {
    /// The address of a collection.
    Collection(usize),
    /// The address of an object.
    Object(usize),
}

/// Addresses that are known when the file is laid out.
#[derive(Default)]
pub(super) struct Addresses {
    pub(super) collections: Vec<u64>,
    /// Zero for an object that is not written.
    pub(super) objects: Vec<u64>,
}

impl Blob {
    /// Appends bytes and the places in them.
    pub(super) fn append(&mut self, other: Self) {
        let at = self.bytes.len();
        self.bytes.extend(other.bytes);
        self.patches.extend(other.patches.into_iter().map(|(place, patch)| (at + place, patch)));
    }

    /// Puts bytes over those at `at`, which have no places of addresses.
    pub(super) fn put(&mut self, at: usize, other: Self) {
        self.bytes[at..at + other.bytes.len()].copy_from_slice(&other.bytes);
        self.patches.extend(other.patches.into_iter().map(|(place, patch)| (at + place, patch)));
    }

    /// A reference to an object.
    pub(super) fn object(number: usize) -> Self {
        Self { bytes: vec![0; 8], patches: vec![(0, Patch::Object(number))] }
    }

    /// The bytes with these addresses.
    pub(super) fn with(&self, known: &Addresses) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        for (at, patch) in &self.patches {
            let address = match patch {
                Patch::Collection(number) => known.collections.get(*number),
                Patch::Object(number) => known.objects.get(*number),
            };
            let address = address.copied().unwrap_or_default();
            bytes[*at..*at + 8].copy_from_slice(&address.to_le_bytes());
        }
        bytes
    }
}

/// All sequences of a file.
#[derive(Default)]
pub(super) struct Heap {
    collections: Vec<Vec<Blob>>,
    /// Bytes of the last collection.
    bytes: usize,
}

impl Heap {
    /// Keeps a sequence of `count` elements and returns the reference to it.
    pub(super) fn add(&mut self, count: u32, sequence: Blob) -> Blob {
        let mut reference = Blob { bytes: count.to_le_bytes().to_vec(), patches: Vec::new() };
        if count == 0 {
            reference.bytes.resize(16, 0);
            return reference;
        }
        let full = |last: &Vec<Blob>| self.bytes > FULL_BYTES || last.len() >= MAX_SEQUENCES;
        if self.collections.last().is_none_or(full) {
            self.collections.push(Vec::new());
            self.bytes = 0;
        }
        let collection = self.collections.len() - 1;
        self.bytes += sequence.bytes.len() + HEADER_BYTES;
        self.collections[collection].push(sequence);
        // Counted from 1.
        let index = self.collections[collection].len() as u32;
        reference.patches.push((4, Patch::Collection(collection)));
        reference.bytes.extend([0; 8]);
        reference.bytes.extend(index.to_le_bytes());
        reference
    }

    /// Bytes of each collection.
    pub(super) fn lengths(&self) -> Vec<u64> {
        let len = |sequence: &Blob| HEADER_BYTES + sequence.bytes.len().next_multiple_of(8);
        let each = |all: &Vec<Blob>| HEADER_BYTES + all.iter().map(len).sum::<usize>();
        self.collections.iter().map(|all| each(all).max(MIN_BYTES) as u64).collect()
    }

    /// Writes the collections, which begin at the known addresses.
    pub(super) fn write<W: Write + Seek>(
        &self,
        file: &mut File<W>,
        known: &Addresses,
    ) -> Result<()> {
        for (all, len) in self.collections.iter().zip(self.lengths()) {
            let mut block = b"GCOL\x01\0\0\0".to_vec();
            block.extend(len.to_le_bytes());
            let head = |index: u16, uses: u16, len: u64| {
                let mut head = index.to_le_bytes().to_vec();
                head.extend(uses.to_le_bytes());
                head.extend([0; 4]);
                head.extend(len.to_le_bytes());
                head
            };
            for (index, sequence) in (1u16..).zip(all) {
                block.extend(head(index, 1, sequence.bytes.len() as u64));
                block.extend(sequence.with(known));
                block.resize(block.len().next_multiple_of(8), 0);
            }
            let free = len - block.len() as u64;
            if free >= HEADER_BYTES as u64 {
                block.extend(head(0, 0, free));
            }
            block.resize(len as usize, 0);
            file.write_all(&block)?;
        }
        Ok(())
    }
}
