//! Random access through the indexes, and inspection of a file without decoding it.

use std::collections::VecDeque;
use std::io::{Read, Seek, Write};
use std::sync::Arc;

use super::block::{BlockHeader, Method};
use super::constants::*;
use super::decode::{DecodeJob, check_payload};
use super::indexed_member::{IndexedMember, Kept, MemberInfo, read_member};
use super::member::MemberStart;
use super::reader::{ReaderOptions, decode_pool};
use super::source::Source;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::threads::check_cancel;

/// The header of a block and its places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockInfo {
    /// Offset of its bytes in all original bytes.
    pub original_offset: u64,
    /// Offset of its header in the file; in a short member, which has no block headers, of its
    /// payload.
    pub file_offset: u64,
    /// The header.
    pub header: BlockHeader,
}

/// Reads any range of the original bytes, decoding only the blocks that it touches. Each of them
/// is checked; the digest of a whole member is only checked by [`super::Reader`].
pub struct IndexedReader<R: Read + Seek> {
    source: Source<R>,
    options: ReaderOptions,
    members: Vec<IndexedMember>,
    original_bytes: u64,
    file_bytes: u64,
}

impl<R: Read + Seek> IndexedReader<R> {
    /// Reads all footers, indexes and headers, from the end of the file.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotVxc`], [`crate::ErrorKind::Truncated`] if the file does not end with a footer,
    /// [`crate::ErrorKind::ChecksumMismatch`], [`crate::ErrorKind::Corrupt`], [`crate::ErrorKind::LimitExceeded`],
    /// [`crate::ErrorKind::Io`]. Models are not needed yet.
    pub fn open(source: R, options: ReaderOptions) -> Result<Self> {
        let mut source = Source::new(source);
        let file_bytes = source.seek_end()?;
        // Read the start first: it distinguishes other files from damaged ones.
        source.seek(0)?;
        MemberStart::read(&mut source, &options.limits)?;
        let (mut members, mut kept) = (Vec::new(), Kept::new(&options.limits));
        let mut end = file_bytes;
        while end > 0 {
            let member = read_member(&mut source, end, &options.limits, &mut kept)?;
            end = member.start.at;
            members.push(member);
        }
        members.reverse();
        let mut original_bytes = 0u64;
        for member in &mut members {
            member.info.original_offset = original_bytes;
            original_bytes = original_bytes
                .checked_add(member.info.original_bytes)
                .ok_or_else(|| Error::corrupt("the members have more than 2^64 original bytes"))?;
        }
        Ok(Self { source, options, members, original_bytes, file_bytes })
    }

    /// Original bytes of all members.
    pub fn len(&self) -> u64 {
        self.original_bytes
    }

    /// Whether there are no original bytes.
    pub fn is_empty(&self) -> bool {
        self.original_bytes == 0
    }

    /// Bytes of the `.vxc` file.
    pub fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// The members, in order.
    pub fn members(&self) -> impl ExactSizeIterator<Item = &MemberInfo> {
        self.members.iter().map(|member| &member.info)
    }

    /// The headers of all blocks of a member, read from the file one by one.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] for a member that does not exist, and as for reading.
    pub fn blocks(&mut self, member: usize) -> Result<Vec<BlockInfo>> {
        let n_blocks = self.member(member)?.block_at.len();
        (0..n_blocks).map(|block| self.block_header(member, block)).collect()
    }

    /// Checks all stored bytes against their checksums: the header and the payload of each block, and
    /// embedded models. Nothing is decoded and no other model is needed, so a whole file is checked
    /// about as fast as it is read. Only decoding shows whether a predictor gives the original bytes.
    ///
    /// # Errors
    /// [`crate::ErrorKind::ChecksumMismatch`] and [`crate::ErrorKind::Corrupt`] for damage, and as for
    /// reading.
    pub fn check_stored(&mut self) -> Result<()> {
        for member in 0..self.members.len() {
            self.embedded_model(member)?;
            for block in 0..self.members[member].block_at.len() {
                check_cancel(self.options.cancel.as_deref())?;
                let BlockInfo { header, file_offset: at, .. } = self.block_header(member, block)?;
                let payload = self.source.vec(header.payload_bytes, "a block")?;
                check_payload(&header, &payload)
                    .map_err(|error| error.context(format!("block at byte {at}")))?;
            }
        }
        Ok(())
    }

    /// The embedded model of a member, checked against its digest.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] for a member that does not exist,
    /// [`crate::ErrorKind::ChecksumMismatch`], and as for reading.
    pub fn embedded_model(&mut self, member: usize) -> Result<Option<Vec<u8>>> {
        let start = &self.member(member)?.start;
        let at = start.at + start.len() - u64::from(start.header.model_bytes);
        let start = start.clone();
        self.source.seek(at)?;
        start.read_model(&mut self.source)
    }

    /// The model of the modelled blocks of a member; `None` if the member cannot have such blocks.
    ///
    /// # Errors
    /// As [`IndexedReader::embedded_model`]; errors of the loader, [`crate::ErrorKind::WrongModel`], and
    /// [`crate::ErrorKind::Corrupt`] if the model does not fit the member.
    pub fn model(&mut self, member: usize) -> Result<Option<Arc<dyn Model>>> {
        let embedded = self.embedded_model(member)?;
        self.member(member)?.start.model(embedded.as_deref(), self.options.models.as_ref())
    }

    /// `len` original bytes from `start` on.
    ///
    /// # Errors
    /// As [`IndexedReader::read_range_to`].
    pub fn read_range(&mut self, start: u64, len: usize) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.read_range_to(start, len as u64, &mut out)?;
        Ok(out)
    }

    /// Writes `len` original bytes from `start` on to `out`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] for a range beyond [`IndexedReader::len`]; errors of
    /// the blocks in the range, of the loader, of `out`, and cancellation.
    pub fn read_range_to(&mut self, start: u64, len: u64, out: &mut dyn Write) -> Result<()> {
        let end = start.checked_add(len).filter(|end| *end <= self.original_bytes);
        let Some(end) = end else {
            return Err(Error::invalid_argument(format!(
                "{len} bytes from byte {start} on; the file has {} bytes",
                self.original_bytes
            )));
        };
        if len == 0 {
            return Ok(());
        }
        for member in 0..self.members.len() {
            let info = &self.members[member].info;
            let member_end = info.original_offset + info.original_bytes;
            let (from, to) = (start.max(info.original_offset), end.min(member_end));
            if from < to {
                self.member_range(member, from, to, out)?;
            }
        }
        Ok(())
    }

    /// Writes a non-empty range inside one member.
    fn member_range(
        &mut self,
        member: usize,
        start: u64,
        end: u64,
        out: &mut dyn Write,
    ) -> Result<()> {
        let info = &self.members[member].info;
        let (offset, block_bytes) = (info.original_offset, u64::from(info.block_bytes));
        let block_of = |byte: u64| usize::try_from((byte - offset) / block_bytes);
        let too_far = |_| Error::limit_exceeded("more blocks than this machine can count");
        let (first, last) =
            (block_of(start).map_err(too_far)?, block_of(end - 1).map_err(too_far)?);

        let mut pool = decode_pool(&self.options, &self.members[member].decoder);
        let mut decoded = VecDeque::new();
        let mut next = first;
        for block in first..=last {
            check_cancel(self.options.cancel.as_deref())?;
            while next <= last && !pool.is_full() {
                let mut group = Vec::new();
                while next <= last && group.len() < self.group(member).max(1) {
                    group.push(self.read_block(member, next)?);
                    next += 1;
                }
                pool.submit(group)?;
            }
            if decoded.is_empty() {
                let Some(group) = pool.collect() else { break };
                decoded.extend(group?);
            }
            let done = decoded.pop_front().expect("a group has at least one block")?;
            let block_start = offset + block as u64 * block_bytes;
            // Both are inside the block, because its length equals the length in the index.
            let within = |byte: u64| usize::try_from(byte - block_start).unwrap_or(done.len());
            let from = within(start.max(block_start));
            let to = within(end).min(done.len());
            let written = out.write_all(&done[from..to]);
            written.map_err(|error| Error::from(error).context("writing decoded bytes"))?;
        }
        Ok(())
    }

    /// Reads a block, and the model if it is the first one that needs it.
    fn read_block(&mut self, member: usize, block: usize) -> Result<DecodeJob> {
        let BlockInfo { header, file_offset: at, .. } = self.block_header(member, block)?;
        if header.method == Method::Modelled {
            let payload_at = self.source.at();
            self.load_model(member)?;
            self.source.seek(payload_at)?;
        }
        let payload = self.source.vec(header.payload_bytes, "a block")?;
        let IndexedMember { only_block, info, .. } = &self.members[member];
        let digest = only_block.map(|_| info.original_digest);
        Ok(DecodeJob { header, payload, at, digest })
    }

    /// Blocks to decode together.
    fn group(&self, member: usize) -> usize {
        self.options.group.unwrap_or_else(|| self.members[member].decoder.group())
    }

    /// Reads the header of a block and compares it with the index. Afterwards the source is after
    /// the header.
    fn block_header(&mut self, member: usize, block: usize) -> Result<BlockInfo> {
        let IndexedMember { info, start, block_at, index_at, .. } = &self.members[member];
        let at = block_at[block];
        let next_at = *block_at.get(block + 1).unwrap_or(index_at);
        let block_offset = block as u64 * u64::from(info.block_bytes);
        let original_bytes = (info.original_bytes - block_offset).min(u64::from(info.block_bytes));
        self.source.seek(at)?;
        if let Some(header) = self.members[member].only_block {
            let original_offset = info.original_offset;
            return Ok(BlockInfo { original_offset, file_offset: at, header });
        }
        let bytes: [u8; BLOCK_HEADER_BYTES] = self.source.array("a block header")?;
        let header = BlockHeader::read_from(&bytes, start.header.block_bytes, at)?;
        if bytes[0] != BLOCK_TAG
            || u64::from(header.original_bytes) != original_bytes
            || header.stored_bytes() != next_at - at
        {
            return Err(Error::corrupt(format!(
                "block at byte {at}: {} bytes in {}; the index says {original_bytes} in {}",
                header.original_bytes,
                header.stored_bytes(),
                next_at - at
            )));
        }
        Ok(BlockInfo {
            original_offset: info.original_offset + block_offset,
            file_offset: at,
            header,
        })
    }

    fn load_model(&mut self, member: usize) -> Result<()> {
        if self.members[member].decoder.has_model() {
            return Ok(());
        }
        let Some(model) = self.model(member)? else { return Ok(()) };
        // Members often share a model, so the last model is kept.
        for (number, other) in self.members.iter_mut().enumerate() {
            if number == member || other.start.takes(model.as_ref()) {
                other.decoder.set_model(Arc::clone(&model));
            } else if other.decoder.has_model() {
                other.decoder = Arc::default();
            }
        }
        Ok(())
    }

    fn member(&self, member: usize) -> Result<&IndexedMember> {
        self.members.get(member).ok_or_else(|| {
            Error::invalid_argument(format!(
                "member {member}; the file has {}, counted from 0",
                self.members.len()
            ))
        })
    }
}
