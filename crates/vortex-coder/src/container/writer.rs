//! The streaming writer.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::block::BlockHeader;
use super::constants::*;
use super::encode::{BlockEncoder, EncodedBlock};
use super::footer::Footer;
use super::header::MemberHeader;
use super::index::{IndexEntry, IndexHeader};
use super::label;
use super::options::{Coder, WriterOptions};
use super::pool::{Jobs, Pool};
use super::schema_section::SchemaSection;
use super::short::{ShortEnd, ShortStart};
use super::summary::{OnBlock, Summary};
use super::wire::crc32;
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::schema::Schema;
use crate::threads::check_cancel;

/// Blocks and the number of the first one.
type EncodeJob = (u64, Vec<Vec<u8>>);
type EncodePool = Pool<EncodeJob, Result<Vec<EncodedBlock>>>;

/// Writes one member: an [`std::io::Write`] with errors of this crate, which [`Error::from`]
/// restores. It holds about two groups of blocks per thread and needs no seek. If the writer is
/// dropped before [`Writer::finish`], the file is truncated, and readers report this.
pub struct Writer<W: Write> {
    out: W,
    /// What precedes the first block, until it is written.
    head: Option<Head>,
    pool: EncodePool,
    block_bytes: usize,
    block: Vec<u8>,
    /// Full blocks, until there are enough to code together.
    group: Vec<Vec<u8>>,
    group_len: usize,
    entries: Vec<u8>,
    hasher: blake3::Hasher,
    n_blocks: u64,
    summary: Summary,
    on_block: Option<OnBlock>,
    cancel: Option<Arc<AtomicBool>>,
    failed: bool,
}

/// The start of a member.
struct Head {
    header: MemberHeader,
    /// Label and schema, with their checksums.
    sections: Vec<u8>,
    embedded: Option<Arc<[u8]>>,
    /// Whether the member may become a short one.
    short: bool,
}

impl<W: Write> Writer<W> {
    /// Nothing is written before the first block is coded.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] for options that do not fit together.
    pub fn new(out: W, options: WriterOptions) -> Result<Self> {
        let bounds = MIN_BLOCK_BYTES..=MAX_BLOCK_BYTES;
        if !bounds.contains(&options.block_bytes) {
            return Err(Error::invalid_argument(format!(
                "blocks of {} bytes; {MIN_BLOCK_BYTES} to {MAX_BLOCK_BYTES} are possible",
                options.block_bytes
            )));
        }
        if options.lanes.is_some_and(|lanes| lanes == 0 || lanes > MAX_LANES) {
            return Err(Error::invalid_argument(format!(
                "{} lanes; 1 to {MAX_LANES} are possible",
                options.lanes.unwrap_or_default()
            )));
        }
        if options.zstd_level.is_some_and(|level| !(1..=22).contains(&level)) {
            return Err(Error::invalid_argument(format!(
                "zstd level {}; 1 to 22 are possible",
                options.zstd_level.unwrap_or_default()
            )));
        }
        let (model, schema) = match options.coder {
            Coder::Classic(schema) => (None, schema),
            Coder::Model(model) => {
                let schema = model.layout().schema().clone();
                (Some(model), schema)
            }
        };
        let predictor = model.as_ref().map(|model| model.identity());
        let embedded = options.embed_model.as_deref().unwrap_or_default();
        let mut sections = Vec::new();
        let stored = SchemaSection::new(&schema)?;
        let header = MemberHeader {
            predictor,
            block_bytes: whole_records(options.block_bytes, &schema),
            schema_bytes: length(stored.bytes.len(), MAX_SCHEMA_BYTES, "a schema")?,
            packed_schema: stored.packed,
            model_bytes: embedded_length(embedded, predictor)?,
            labelled: options.label.is_some(),
        };
        if let Some(label) = &options.label {
            label::write_to(label, &mut sections)?;
        }
        stored.write_to(&mut sections);
        let head = Head { header, sections, embedded: options.embed_model, short: options.short };

        let encoder = BlockEncoder {
            model,
            lanes: options.lanes,
            zstd_level: options.zstd_level,
            verify: options.verify,
        };
        let group_len = options.group.unwrap_or_else(|| encoder.group());
        let body = move |jobs: &Jobs<EncodeJob, Result<Vec<EncodedBlock>>>| {
            let mut state = encoder.state();
            while let Some(((first, originals), ticket)) = jobs.next() {
                ticket.finish(encoder.encode(&mut state, &originals, first));
            }
        };
        Ok(Self {
            out,
            head: Some(head),
            pool: Pool::new(options.threads, options.cancel.clone(), options.permits, body),
            block_bytes: header.block_bytes as usize,
            block: Vec::new(),
            group: Vec::new(),
            group_len,
            entries: Vec::new(),
            hasher: blake3::Hasher::new(),
            n_blocks: 0,
            summary: Summary { members: 1, ..Summary::default() },
            on_block: None,
            cancel: options.cancel,
            failed: false,
        })
    }

    /// Calls `hook` after each block that was written.
    pub fn on_block(&mut self, hook: OnBlock) {
        self.on_block = Some(hook);
    }

    /// Original bytes per block, after rounding to whole records.
    pub fn block_bytes(&self) -> usize {
        self.block_bytes
    }

    fn take(&mut self, mut bytes: &[u8]) -> Result<()> {
        self.check_usable()?;
        while !bytes.is_empty() {
            if self.block.is_empty() && self.blocks_were_full() {
                self.block.reserve_exact(self.block_bytes);
            }
            let take = bytes.len().min(self.block_bytes - self.block.len());
            let (now, later) = bytes.split_at(take);
            self.block.extend_from_slice(now);
            bytes = later;
            if self.block.len() == self.block_bytes {
                self.submit_block().inspect_err(|_| self.failed = true)?;
            }
        }
        Ok(())
    }

    /// Writes the remaining blocks, the index and the footer, and returns the output without
    /// flushing it.
    ///
    /// # Errors
    /// Errors of the output, of a predictor, of the verification, and cancellation.
    pub fn finish(mut self) -> Result<(W, Summary)> {
        self.check_usable()?;
        if !self.block.is_empty() {
            self.submit_block()?;
        }
        self.submit_group()?;
        if self.n_blocks <= 1 && self.head.is_some() {
            self.check_cancel()?;
            let block = match self.pool.collect() {
                Some(done) => done??.pop(),
                None => None,
            };
            if self.write_short(block.as_ref())? {
                return Ok((self.out, self.summary));
            }
            self.write_head()?;
            if let Some(block) = &block {
                self.write_block(block)?;
            }
        }
        while self.pool.in_flight() > 0 {
            self.check_cancel()?;
            self.write_oldest()?;
        }
        let index_offset = self.summary.compressed_bytes;
        let mut end = Vec::new();
        IndexHeader { n_blocks: self.n_blocks }.write_to(&mut end);
        let index_bytes = (end.len() + self.entries.len()) as u64;
        let footer = Footer {
            original_bytes: self.summary.original_bytes,
            n_blocks: self.n_blocks,
            index_offset,
            member_bytes: index_offset + index_bytes + FOOTER_BYTES as u64,
            original_digest: *self.hasher.finalize().as_bytes(),
            index_crc: crc32(&self.entries),
        };
        end.append(&mut self.entries);
        footer.write_to(&mut end);
        self.out
            .write_all(&end)
            .map_err(|error| Error::from(error).context("writing the index"))?;
        self.summary.compressed_bytes = footer.member_bytes;
        Ok((self.out, self.summary))
    }

    /// Whether the input is longer than one block, so that the next one is probably full too.
    fn blocks_were_full(&self) -> bool {
        self.n_blocks > 0 || !self.group.is_empty()
    }

    fn submit_block(&mut self) -> Result<()> {
        self.check_cancel()?;
        self.hasher.update(&self.block);
        self.group.push(std::mem::take(&mut self.block));
        if self.group.len() >= self.group_len { self.submit_group() } else { Ok(()) }
    }

    fn submit_group(&mut self) -> Result<()> {
        if self.group.is_empty() {
            return Ok(());
        }
        if self.pool.is_full() {
            self.write_oldest()?;
        }
        let group = std::mem::take(&mut self.group);
        let n_blocks = group.len() as u64;
        self.pool.submit((self.n_blocks, group))?;
        self.n_blocks += n_blocks;
        Ok(())
    }

    fn write_oldest(&mut self) -> Result<()> {
        let done = self.pool.collect().expect("callers have blocks in flight");
        let blocks = done??;
        self.write_head()?;
        blocks.iter().try_for_each(|block| self.write_block(block))
    }

    /// Writes header, label, schema and model, unless they were written.
    fn write_head(&mut self) -> Result<()> {
        let Some(Head { header, sections, embedded, .. }) = self.head.take() else {
            return Ok(());
        };
        let mut head = Vec::new();
        header.write_to(&mut head);
        head.extend(sections);
        for bytes in [Some(head.as_slice()), embedded.as_deref()].into_iter().flatten() {
            let written = self.out.write_all(bytes);
            written.map_err(|error| Error::from(error).context("writing the header"))?;
            self.summary.compressed_bytes += bytes.len() as u64;
        }
        Ok(())
    }

    fn write_block(&mut self, EncodedBlock { header, payload }: &EncodedBlock) -> Result<()> {
        let mut head = Vec::with_capacity(BLOCK_HEADER_BYTES);
        header.write_to(&mut head);
        let write = |error| Error::from(error).context("writing a block");
        self.out.write_all(&head).map_err(write)?;
        self.out.write_all(payload).map_err(write)?;
        self.entries.extend(IndexEntry::of(header)?.to_bytes());
        self.count(header, header.stored_bytes());
        Ok(())
    }

    /// Writes the whole member as a short one, if it fits in one.
    fn write_short(&mut self, block: Option<&EncodedBlock>) -> Result<bool> {
        let Some(head) = self.head.as_ref().filter(|head| head.short) else { return Ok(false) };
        let Some(start) = ShortStart::of(&head.header, block.map(|block| &block.header)) else {
            return Ok(false);
        };
        let mut member = Vec::new();
        start.write_to(&mut member);
        member.extend(&head.sections);
        let payload = block.map_or(&[][..], |block| &block.payload);
        let Ok(member_bytes) = u16::try_from(member.len() + payload.len() + SHORT_END_BYTES) else {
            return Ok(false);
        };
        let end = ShortEnd {
            payload_crc: crc32(payload),
            original_digest: *self.hasher.finalize().as_bytes(),
            member_bytes,
        };
        member.extend(payload);
        end.write_to(&mut member);
        let written = self.out.write_all(&member);
        written.map_err(|error| Error::from(error).context("writing a short member"))?;
        match block {
            Some(block) => self.count(&block.header, member_bytes.into()),
            None => self.summary.compressed_bytes = member_bytes.into(),
        }
        Ok(true)
    }

    /// Counts a block that was written in this number of bytes.
    fn count(&mut self, header: &BlockHeader, stored_bytes: u64) {
        self.summary.count(header.method);
        self.summary.original_bytes += u64::from(header.original_bytes);
        self.summary.compressed_bytes += stored_bytes;
        if let Some(hook) = &mut self.on_block {
            hook(self.summary.progress());
        }
    }

    fn check_cancel(&self) -> Result<()> {
        check_cancel(self.cancel.as_deref())
    }

    fn check_usable(&self) -> Result<()> {
        if self.failed {
            return Err(Error::invalid_argument("this writer failed before; start a new file"));
        }
        Ok(())
    }
}

impl<W: Write> Write for Writer<W> {
    /// Accepts all bytes. After an error, which may come from an earlier block, the file cannot be
    /// finished.
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.take(bytes)?;
        Ok(bytes.len())
    }

    /// Flushes the output, but does not wait for blocks in flight.
    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// Rounds a block length down to whole records, but to at least one record.
fn whole_records(block_bytes: u32, schema: &Schema) -> u32 {
    let stride = u32::try_from(schema.stride()).expect("a stride is at most 65,535");
    (block_bytes / stride).max(1) * stride
}

fn embedded_length(embedded: &[u8], predictor: Option<Identity>) -> Result<u32> {
    if embedded.is_empty() {
        return Ok(0);
    }
    let digest = *blake3::hash(embedded).as_bytes();
    if predictor.and_then(Identity::model_file) != Some(digest) {
        return Err(Error::invalid_argument(
            "the model to embed differs from the model to code with",
        ));
    }
    length(embedded.len(), MAX_MODEL_BYTES, "a model")
}

fn length(len: usize, max: u32, what: &str) -> Result<u32> {
    u32::try_from(len).ok().filter(|len| *len <= max).ok_or_else(|| {
        Error::limit_exceeded(format!("{what} of {len} bytes; {max} bytes are possible"))
    })
}
