//! A member that is read from its end: footer, header, index.

use std::io::{Read, Seek};
use std::sync::Arc;

use vortex_base::fields::Mismatch;

use super::block::BlockHeader;
use super::constants::*;
use super::decode::BlockDecoder;
use super::footer::Footer;
use super::index::{IndexEntry, IndexHeader};
use super::limits::Limits;
use super::member::MemberStart;
use super::short;
use super::source::Source;
use super::wire::damaged;
use crate::error::{Error, ErrorKind, Result};
use crate::identity::Identity;
use crate::schema::Schema;

/// Description of a member, from its start and its end.
#[derive(Clone, Debug)]
pub struct MemberInfo {
    /// Format version.
    pub version: u8,
    /// The predictor of modelled blocks; `None`: all blocks are zstd or raw.
    pub predictor: Option<Identity>,
    /// The stored schema; `None` for plain bytes, or if only the model has it.
    pub schema: Option<Arc<Schema>>,
    /// The label of the member, if it has one.
    pub label: Option<String>,
    /// Bytes of the embedded model, 0 without one.
    pub model_bytes: u32,
    /// Original bytes of every block except the last.
    pub block_bytes: u32,
    /// Number of blocks.
    pub n_blocks: u64,
    /// Offset of the member in the file.
    pub file_offset: u64,
    /// Its bytes in the file.
    pub member_bytes: u64,
    /// Offset of its bytes in all original bytes.
    pub original_offset: u64,
    /// Its original bytes.
    pub original_bytes: u64,
    /// BLAKE3 of its original bytes, as stored.
    pub original_digest: [u8; DIGEST_BYTES],
}

/// A member as its header, index and footer describe it.
pub(super) struct IndexedMember {
    pub(super) start: MemberStart,
    pub(super) info: MemberInfo,
    /// Offset of the header of each block in the file.
    pub(super) block_at: Vec<u64>,
    /// The header of the only block of a short member, which has no block headers: `block_at` is
    /// then the offset of the payload.
    pub(super) only_block: Option<BlockHeader>,
    /// Offset of the index in the file.
    pub(super) index_at: u64,
    pub(super) decoder: Arc<BlockDecoder>,
}

/// The memory of the members found so far, within [`Limits::max_index_bytes`].
pub(super) struct Kept {
    bytes: u64,
    limit: u64,
    /// Schema of the previously read member.
    schema: Option<Arc<Schema>>,
}

impl Kept {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { bytes: 0, limit: limits.max_index_bytes, schema: None }
    }

    fn take(&mut self, bytes: u64) -> Result<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        Limits::check(self.bytes, self.limit, "indexes and schemas", "max_index_bytes")
    }

    /// Consecutive members often have the same schema; it is stored once.
    fn share(&mut self, schema: &mut Option<Arc<Schema>>) -> Result<()> {
        let Some(schema) = schema else { return Ok(()) };
        match &self.schema {
            Some(known) if known == schema => *schema = Arc::clone(known),
            _ => {
                self.take(schema.memory_bytes())?;
                self.schema = Some(Arc::clone(schema));
            }
        }
        Ok(())
    }
}

/// The member whose last byte is before `end`.
pub(super) fn read_member<R: Read + Seek>(
    source: &mut Source<R>,
    end: u64,
    limits: &Limits,
    kept: &mut Kept,
) -> Result<IndexedMember> {
    if let Some(at) = short::place_before(source, end)? {
        return read_short(source, at, end, limits, kept);
    }
    let Some(footer_at) = end.checked_sub(FOOTER_BYTES as u64) else {
        return Err(Error::truncated(format!("{end} bytes are too few for a member")));
    };
    source.seek(footer_at)?;
    let bytes: [u8; FOOTER_BYTES] = source.array("the footer")?;
    if !bytes.ends_with(&END_MAGIC) {
        return Err(Error::truncated(format!(
            "no member ends at byte {end}: the file was cut short, or something was appended; \
             read it as a stream to get the complete members"
        )));
    }
    let footer = Footer::read_from(&bytes, footer_at)?;
    let corrupt = |what: String| Error::corrupt(format!("footer at byte {footer_at}: {what}"));
    let at = end.checked_sub(footer.member_bytes).ok_or_else(|| {
        corrupt(format!("a member of {} bytes ends at byte {end}", footer.member_bytes))
    })?;
    source.seek(at)?;
    let mut start = MemberStart::read(source, limits).map_err(|error| match error.kind {
        ErrorKind::TrailingData | ErrorKind::NotVxc => {
            corrupt(format!("it says that a member begins at byte {at}, but none does"))
        }
        _ => error,
    })?;
    // The footer check has already shown that the index ends where the footer begins.
    if start.len() > footer.index_offset {
        return Err(corrupt(format!("the index of {} blocks does not fit", footer.n_blocks)));
    }

    let index_at = at + footer.index_offset;
    kept.take(footer.n_blocks.saturating_mul(INDEX_ENTRY_BYTES as u64))?;
    kept.share(&mut start.schema)?;
    source.seek(index_at)?;
    let bytes: [u8; INDEX_HEADER_BYTES] = source.array("the index")?;
    let header = IndexHeader::read_from(&bytes, index_at)?;
    if bytes[0] != INDEX_TAG || header.n_blocks != footer.n_blocks {
        return Err(Error::corrupt(format!(
            "index at byte {index_at}: tag {:#04x}, {} blocks; the footer says {}",
            bytes[0], header.n_blocks, footer.n_blocks
        )));
    }
    let block_at = read_entries(source, &start, &footer, index_at)?;
    let info = MemberInfo {
        version: VERSION,
        predictor: start.header.predictor,
        schema: start.schema.clone(),
        label: start.label.clone(),
        model_bytes: start.header.model_bytes,
        block_bytes: start.header.block_bytes,
        n_blocks: footer.n_blocks,
        file_offset: at,
        member_bytes: footer.member_bytes,
        original_offset: 0,
        original_bytes: footer.original_bytes,
        original_digest: footer.original_digest,
    };
    let decoder = Arc::default();
    Ok(IndexedMember { start, info, block_at, only_block: None, index_at, decoder })
}

/// The short member from `at` to `end`.
fn read_short<R: Read + Seek>(
    source: &mut Source<R>,
    at: u64,
    end: u64,
    limits: &Limits,
    kept: &mut Kept,
) -> Result<IndexedMember> {
    kept.take(size_of::<IndexedMember>() as u64)?;
    source.seek(at)?;
    let mut start = MemberStart::read(source, limits)?;
    let short = start.short.as_mut().expect("the version at this place is that of short members");
    // The reader has compared the stated length with the bytes that it read.
    if at + u64::from(short.member_bytes) != end {
        return Err(Error::corrupt(format!(
            "member at byte {at}: {} bytes, but the next one begins at byte {end}",
            short.member_bytes
        )));
    }
    // The payload is read again when it is needed.
    let block = short.block.take();
    let only_block = block.as_ref().map(|block| block.header);
    let info = MemberInfo {
        version: SHORT_VERSION,
        predictor: start.header.predictor,
        schema: None,
        label: start.label.clone(),
        model_bytes: 0,
        block_bytes: start.header.block_bytes,
        n_blocks: only_block.map_or(0, |_| 1),
        file_offset: at,
        member_bytes: short.member_bytes.into(),
        original_offset: 0,
        original_bytes: only_block.map_or(0, |header| header.original_bytes.into()),
        original_digest: short.original_digest,
    };
    kept.share(&mut start.schema)?;
    let info = MemberInfo { schema: start.schema.clone(), ..info };
    let block_at = block.iter().map(|block| block.payload_at).collect();
    let decoder = Arc::default();
    Ok(IndexedMember { start, info, block_at, only_block, index_at: end, decoder })
}

/// Reads the entries and computes the place of each block as their sum.
fn read_entries<R: Read>(
    source: &mut Source<R>,
    start: &MemberStart,
    footer: &Footer,
    index_at: u64,
) -> Result<Vec<u64>> {
    let corrupt = |what: String| Error::corrupt(format!("index at byte {index_at}: {what}"));
    // The index is inside the file and within the limit: this was checked before.
    let mut crc = crc32fast::Hasher::new();
    let mut block_at = Vec::new();
    let (mut at, mut original) = (start.at + start.len(), 0u64);
    for block in 0..footer.n_blocks {
        let bytes = source.array("the index")?;
        crc.update(&bytes);
        let entry = IndexEntry::from_bytes(bytes);
        let last = block + 1 == footer.n_blocks;
        if entry.original_bytes == 0
            || entry.original_bytes > start.header.block_bytes
            || (!last && entry.original_bytes < start.header.block_bytes)
            || (entry.stored_bytes as usize) < BLOCK_HEADER_BYTES
        {
            return Err(corrupt(format!("block {block}: {entry:?}")));
        }
        block_at.push(at);
        // Sums of 32-bit numbers, whose count is limited by the file, cannot reach 2^64.
        at += u64::from(entry.stored_bytes);
        original += u64::from(entry.original_bytes);
    }
    let found = crc.finalize();
    if found != footer.index_crc {
        let wrong = Mismatch { found, stored: footer.index_crc };
        return Err(damaged("index", index_at, wrong));
    }
    if at != index_at || original != footer.original_bytes {
        return Err(corrupt(format!(
            "its blocks end at byte {at} with {original} bytes; the footer says {}",
            footer.original_bytes
        )));
    }
    Ok(block_at)
}
