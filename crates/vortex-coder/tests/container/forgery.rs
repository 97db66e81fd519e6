//! A member in parts, to falsify.

use std::io::Cursor;

use crate::support::*;
use vortex_coder::Identity;
use vortex_coder::container::constants::*;
use vortex_coder::container::*;

/// A member in parts, each of which can be falsified, with right checksums.
#[derive(Clone)]
pub struct Forgery {
    pub header: MemberHeader,
    pub schema: Vec<u8>,
    pub model: Vec<u8>,
    pub blocks: Vec<(BlockHeader, Vec<u8>)>,
    pub index: IndexHeader,
    pub entries: Vec<IndexEntry>,
    pub footer: Footer,
}

impl Forgery {
    /// A valid member of three blocks of 93, 93 and 5 records and a tail of 3 bytes.
    pub fn of_truth() -> Self {
        let mut data = records(191, 5);
        data.extend([1, 2, 3]);
        let (file, _) = encode(&data, ordinary(Coder::adaptive(schema())));
        let mut reader = IndexedReader::open(Cursor::new(&file), with_models()).unwrap();
        let info = reader.members().next().unwrap().clone();
        let blocks: Vec<_> = reader
            .blocks(0)
            .unwrap()
            .iter()
            .map(|b| {
                let at = b.file_offset as usize + BLOCK_HEADER_BYTES;
                (b.header, file[at..at + b.header.payload_bytes as usize].to_vec())
            })
            .collect();
        assert_eq!(blocks.len(), 3);
        assert!(blocks.iter().all(|b| b.0.method == Method::Modelled), "{blocks:?}");
        let mut schema_bytes = Vec::new();
        schema().write_to(&mut schema_bytes);
        let mut truth = Self {
            header: MemberHeader {
                predictor: Some(Identity::Adaptive),
                block_bytes: 1023,
                schema_bytes: schema_bytes.len() as u32,
                model_bytes: 0,
                labelled: false,
                packed_schema: false,
            },
            schema: schema_bytes,
            model: Vec::new(),
            blocks,
            index: IndexHeader { n_blocks: 0 },
            entries: Vec::new(),
            footer: Footer {
                original_bytes: info.original_bytes,
                n_blocks: 0,
                index_offset: 0,
                member_bytes: 0,
                original_digest: info.original_digest,
                index_crc: 0,
            },
        };
        truth.settle();
        assert_eq!(truth.bytes(), file);
        truth
    }

    /// Makes the end fit the blocks again.
    pub fn settle(&mut self) {
        let entry = |(header, _): &(BlockHeader, _)| {
            // A falsified block that has no valid entry.
            let original_bytes = header.original_bytes;
            let lie = IndexEntry { original_bytes, stored_bytes: u32::MAX };
            IndexEntry::of(header).unwrap_or(lie)
        };
        self.entries = self.blocks.iter().map(entry).collect();
        self.settle_footer();
    }

    /// Makes the footer fit the index again.
    pub fn settle_footer(&mut self) {
        self.index.n_blocks = self.entries.len() as u64;
        self.footer.n_blocks = self.index.n_blocks;
        self.footer.original_bytes =
            self.blocks.iter().map(|(header, _)| u64::from(header.original_bytes)).sum();
        self.footer.index_offset = self.head().len() as u64
            + self.blocks.iter().map(|(_, p)| (BLOCK_HEADER_BYTES + p.len()) as u64).sum::<u64>();
        self.footer.index_crc = crc32fast::hash(&self.entry_bytes());
        self.footer.member_bytes = self.footer.index_offset
            + (INDEX_HEADER_BYTES + INDEX_ENTRY_BYTES * self.entries.len() + FOOTER_BYTES) as u64;
    }

    fn head(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.header.write_to(&mut out);
        if !self.schema.is_empty() {
            out.extend(&self.schema);
            out.extend(crc32fast::hash(&self.schema).to_le_bytes());
        }
        out.extend(&self.model);
        out
    }

    fn entry_bytes(&self) -> Vec<u8> {
        self.entries.iter().flat_map(|entry| entry.to_bytes()).collect()
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = self.head();
        for (header, payload) in &self.blocks {
            header.write_to(&mut out);
            out.extend(payload);
        }
        self.index.write_to(&mut out);
        out.extend(self.entry_bytes());
        self.footer.write_to(&mut out);
        out
    }
}
