//! The index, with one entry per chunk, and the footer.

use xxhash_rust::xxh3::xxh3_128;

use super::constants::*;
use super::fields::{Fields, Filled, check, checked, crc32};
use crate::error::{Error, ErrorKind, Result};

/// The contents of index and footer: the lengths of all chunks, and sums.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Index {
    /// Bytes before compression, and bytes in the file with the header, of each chunk.
    pub entries: Vec<[u32; 2]>,
    /// Bytes before compression.
    pub original_bytes: u64,
    /// Where the index begins in the file.
    pub offset: u64,
    /// Digest of all chunk headers: XXH3 (128 bits) of the previous digest (zeros at first) and the
    /// next header.
    pub digest: [u8; 16],
}

impl Index {
    /// An index without chunks.
    pub(super) fn new() -> Self {
        Self { offset: HEADER_BYTES as u64, ..Self::default() }
    }

    /// Adds a chunk that is stored, from its header on, as `stored`.
    pub(super) fn push(&mut self, stored: &[u8], original_bytes: usize) {
        self.push_header(
            &std::array::from_fn(|i| stored[i]),
            original_bytes as u32,
            stored.len() as u32,
        );
    }

    /// Adds a chunk by its header and lengths.
    pub(super) fn push_header(
        &mut self,
        header: &[u8; CHUNK_HEADER_BYTES],
        original_bytes: u32,
        stored_bytes: u32,
    ) {
        let mut hashed = [0; 16 + CHUNK_HEADER_BYTES];
        hashed[..16].copy_from_slice(&self.digest);
        hashed[16..].copy_from_slice(header);
        self.digest = xxh3_128(&hashed).to_le_bytes();
        self.push_entry(original_bytes, stored_bytes);
    }

    fn push_entry(&mut self, original_bytes: u32, stored_bytes: u32) {
        self.entries.push([original_bytes, stored_bytes]);
        self.original_bytes += u64::from(original_bytes);
        self.offset += u64::from(stored_bytes);
    }

    pub(super) fn file_bytes(&self) -> u64 {
        let n = self.entries.len() * INDEX_ENTRY_BYTES + INDEX_HEADER_BYTES + FOOTER_BYTES;
        self.offset + n as u64
    }

    /// Index and footer.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let n_chunks = (self.entries.len() as u64).to_le_bytes();
        let head: [u8; INDEX_HEADER_BYTES] =
            Filled::new().put(0, &[INDEX_TAG]).put(4, &n_chunks).seal(12);
        let entries: Vec<u8> =
            self.entries.iter().flatten().flat_map(|bytes| bytes.to_le_bytes()).collect();
        let mut footer = Filled::<FOOTER_BYTES>::new();
        footer
            .put(0, &self.original_bytes.to_le_bytes())
            .put(8, &n_chunks)
            .put(16, &self.offset.to_le_bytes())
            .put(24, &self.file_bytes().to_le_bytes())
            .put(32, &self.digest)
            .put(48, &crc32(&entries).to_le_bytes())
            .put(64, &END_MAGIC)
            .seal(60);
        [&head[..], &entries, &footer.0].concat()
    }

    /// Refuses an index and a footer that do not match the chunks before them.
    pub(super) fn check(&self, head: &[u8; INDEX_HEADER_BYTES], rest: &[u8]) -> Result<()> {
        let n_chunks = Self::parse_head(head, self.offset)?;
        let n = self.entries.len() as u64;
        if n_chunks != n {
            return Err(Error::corrupt(format!("an index of {n_chunks} chunks after {n} chunks")));
        }
        let expected = self.to_bytes();
        let (entries, footer) = rest.split_at(rest.len().saturating_sub(FOOTER_BYTES));
        if expected[INDEX_HEADER_BYTES..] == *rest {
            return Ok(());
        }
        let found = Self::parse_footer(footer, entries)?;
        if found.digest != self.digest {
            return Err(Error::new(
                ErrorKind::ChecksumMismatch,
                "the digest of all chunk headers differs from the one in the file",
            ));
        }
        Err(Error::corrupt("an index or footer that does not describe the chunks before it"))
    }

    pub(super) fn parse_head(head: &[u8; INDEX_HEADER_BYTES], at: u64) -> Result<u64> {
        let fields = checked(head, 12, "the header of the index", at)?;
        if fields.array::<4>(0) != [INDEX_TAG, 0, 0, 0] {
            return Err(Error::corrupt(format!(
                "neither a chunk nor an index begins at byte {at}"
            )));
        }
        Ok(fields.u64(4))
    }

    /// The index from `entries` and the footer after them.
    pub(super) fn parse_footer(footer: &[u8], entries: &[u8]) -> Result<Self> {
        let fields = checked(footer, 60, "the footer", 0)?;
        let reserved = fields.array::<8>(52);
        if fields.array::<8>(64) != END_MAGIC || reserved != [0; 8] {
            return Err(Error::corrupt("the last bytes are not those of a footer"));
        }
        check(entries, fields.u32(48), "the index")?;
        let mut index = Self::new();
        index.digest = fields.array(32);
        for entry in entries.as_chunks::<INDEX_ENTRY_BYTES>().0 {
            let entry = Fields::new(entry);
            index.push_entry(entry.u32(0), entry.u32(4));
        }
        let sums = [fields.u64(0), fields.u64(8), fields.u64(16), fields.u64(24)];
        let n = index.entries.len() as u64;
        if sums != [index.original_bytes, n, index.offset, index.file_bytes()] {
            return Err(Error::corrupt("a footer that contradicts its index"));
        }
        Ok(index)
    }
}
