//! Global heaps: sequences of variable length, and what is to be put in when all addresses are
//! known.

use std::io::{Result, Seek, Write};

use super::file::File;

/// Smallest collection, and the length from which a new one begins, in bytes.
const MIN_BYTES: usize = 4096;
const FULL_BYTES: usize = 1 << 20;
/// Most sequences in a collection.
const MAX_SEQUENCES: u16 = 65_000;
const HEADER_BYTES: usize = 16;
/// Most bytes of all sequences of attributes: what is read has at most 64 MiB, with fewer bytes for each.
const MAX_HEAP_BYTES: usize = 512 << 20;

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

/// Puts sequences into collections, one after the other.
#[derive(Default)]
pub(super) struct Packing {
    collection: usize,
    sequences: u16,
    /// Bytes of the sequences in the collection.
    bytes: usize,
}

/// The place of a sequence.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) collection: usize,
    /// Counted from 1.
    pub(super) index: u16,
}

impl Packing {
    /// The place of the next sequence, which has so many bytes.
    pub(super) fn place(&mut self, bytes: usize) -> Place {
        if self.bytes > FULL_BYTES || self.sequences >= MAX_SEQUENCES {
            *self = Self { collection: self.collection + 1, sequences: 0, bytes: 0 };
        }
        self.sequences += 1;
        self.bytes += HEADER_BYTES + bytes.next_multiple_of(8);
        Place { collection: self.collection, index: self.sequences }
    }

    /// Bytes of the collection with the sequences so far.
    pub(super) fn collection_bytes(&self) -> u64 {
        (HEADER_BYTES + self.bytes).max(MIN_BYTES) as u64
    }
}

/// The start of a collection of so many bytes.
pub(super) fn collection(len: u64) -> Vec<u8> {
    [&b"GCOL\x01\0\0\0"[..], &len.to_le_bytes()].concat()
}

/// The start of a sequence of so many bytes.
pub(super) fn sequence(index: u16, len: u64) -> Vec<u8> {
    // It is used once, unless it is free space.
    let uses = u16::from(index > 0);
    [&index.to_le_bytes()[..], &uses.to_le_bytes(), &[0; 4], &len.to_le_bytes()].concat()
}

/// The free space at the end of a collection.
pub(super) fn end_of_collection(free: u64) -> Vec<u8> {
    let mut end = if free >= HEADER_BYTES as u64 { sequence(0, free) } else { Vec::new() };
    // Below the smallest length of a collection.
    end.resize(free as usize, 0);
    end
}

/// All sequences of the attributes of a file.
#[derive(Default)]
pub(super) struct Heap {
    collections: Vec<Vec<Blob>>,
    packing: Packing,
    bytes: usize,
}

impl Heap {
    /// Refuses a sequence of so many bytes if all are longer than attributes of a file can be.
    pub(super) fn check(&self, bytes: usize) -> std::result::Result<(), String> {
        match self.bytes.saturating_add(bytes) > MAX_HEAP_BYTES {
            true => Err(format!("sequences of more than {MAX_HEAP_BYTES} bytes together")),
            false => Ok(()),
        }
    }

    /// Keeps a sequence of `count` elements and returns the reference to it.
    pub(super) fn add(&mut self, count: u32, sequence: Blob) -> Blob {
        let mut reference = Blob { bytes: count.to_le_bytes().to_vec(), patches: Vec::new() };
        if count == 0 {
            reference.bytes.resize(16, 0);
            return reference;
        }
        self.bytes += sequence.bytes.len();
        let place = self.packing.place(sequence.bytes.len());
        if place.collection == self.collections.len() {
            self.collections.push(Vec::new());
        }
        self.collections[place.collection].push(sequence);
        reference.patches.push((4, Patch::Collection(place.collection)));
        reference.bytes.extend([0; 8]);
        reference.bytes.extend(u32::from(place.index).to_le_bytes());
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
            let mut block = collection(len);
            for (index, blob) in (1u16..).zip(all) {
                block.extend(sequence(index, blob.bytes.len() as u64));
                block.extend(blob.with(known));
                block.resize(block.len().next_multiple_of(8), 0);
            }
            block.extend(end_of_collection(len - block.len() as u64));
            file.write_all(&block)?;
        }
        Ok(())
    }
}
