//! The streaming writer.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::constants::*;
use super::encode::{BlockEncoder, EncodedBlock};
use super::footer::Footer;
use super::header::MemberHeader;
use super::index::{IndexEntry, IndexHeader};
use super::label;
use super::options::{Coder, WriterOptions};
use super::pool::{Jobs, Pool};
use super::schema_section::SchemaSection;
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

impl<W: Write> Writer<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] for options that do not fit together, [`crate::ErrorKind::Io`].
    pub fn new(mut out: W, options: WriterOptions) -> Result<Self> {
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
        let mut head = Vec::new();
        let stored = SchemaSection::new(&schema)?;
        let header = MemberHeader {
            predictor,
            block_bytes: whole_records(options.block_bytes, &schema),
            schema_bytes: length(stored.bytes.len(), MAX_SCHEMA_BYTES, "a schema")?,
            packed_schema: stored.packed,
            model_bytes: embedded_length(embedded, predictor)?,
            labelled: options.label.is_some(),
        };
        header.write_to(&mut head);
        if let Some(label) = &options.label {
            label::write_to(label, &mut head)?;
        }
        stored.write_to(&mut head);
        let write = |error| Error::from(error).context("writing the header");
        out.write_all(&head).map_err(write)?;
        out.write_all(embedded).map_err(write)?;

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
            pool: Pool::new(options.threads, options.cancel.clone(), options.permits, body),
            block_bytes: header.block_bytes as usize,
            block: Vec::new(),
            group: Vec::new(),
            group_len,
            entries: Vec::new(),
            hasher: blake3::Hasher::new(),
            n_blocks: 0,
            summary: Summary {
                compressed_bytes: (head.len() + embedded.len()) as u64,
                members: 1,
                ..Summary::default()
            },
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

    fn submit_block(&mut self) -> Result<()> {
        self.check_cancel()?;
        self.hasher.update(&self.block);
        let block = std::mem::take(&mut self.block);
        if block.len() == self.block_bytes {
            self.block.reserve_exact(self.block_bytes);
        }
        self.group.push(block);
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
        for EncodedBlock { header, payload } in done?? {
            let mut head = Vec::with_capacity(BLOCK_HEADER_BYTES);
            header.write_to(&mut head);
            let write = |error| Error::from(error).context("writing a block");
            self.out.write_all(&head).map_err(write)?;
            self.out.write_all(&payload).map_err(write)?;
            self.entries.extend(IndexEntry::of(&header)?.to_bytes());
            self.summary.count(header.method);
            self.summary.original_bytes += u64::from(header.original_bytes);
            self.summary.compressed_bytes += header.stored_bytes();
            if let Some(hook) = &mut self.on_block {
                hook(self.summary.progress());
            }
        }
        Ok(())
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
