//! The streaming reader: all members of a file, in order, each block as soon as it is decoded.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::block::{BlockHeader, Method};
use super::constants::*;
use super::decode::{BlockDecoder, DecodeJob};
use super::footer::Footer;
use super::index::{IndexEntry, IndexHeader};
use super::limits::Limits;
use super::loader::{ModelLoader, NoModels};
use super::member::MemberStart;
use super::permits::Permits;
use super::pool::{Jobs, Pool};
use super::short::ShortBlock;
use super::source::Source;
use super::summary::{OnBlock, Summary};
use crate::error::{Error, Result};
use crate::model::Model;
use crate::threads::check_cancel;

/// How to read a `.vxc` file.
#[derive(Clone)]
pub struct ReaderOptions {
    /// Where models come from.
    pub models: Arc<dyn ModelLoader>,
    /// Limits for the memory that a file can make the reader allocate.
    pub limits: Limits,
    /// Threads that decode blocks; 0 is one for each core.
    pub threads: usize,
    /// Blocks that a thread decodes together; `None`: the choice of the model ([`Model::group`]).
    pub group: Option<usize>,
    /// Checked before each block, and inside the long blocks of the mixing predictor: if it is set,
    /// the reader stops with [`crate::ErrorKind::Cancelled`].
    pub cancel: Option<Arc<AtomicBool>>,
    /// Bounds the blocks that are coded at once together with other readers and writers.
    pub permits: Option<Arc<Permits>>,
}

impl Default for ReaderOptions {
    /// No models, default limits, one thread.
    fn default() -> Self {
        Self {
            models: Arc::new(NoModels),
            limits: Limits::default(),
            threads: 1,
            group: None,
            cancel: None,
            permits: None,
        }
    }
}

pub(super) type DecodePool = Pool<Vec<DecodeJob>, Vec<Result<Vec<u8>>>>;

/// The threads of one member.
pub(super) fn decode_pool(options: &ReaderOptions, decoder: &Arc<BlockDecoder>) -> DecodePool {
    let decoder = Arc::clone(decoder);
    Pool::new(
        options.threads,
        options.cancel.clone(),
        options.permits.clone(),
        move |jobs: &Jobs<Vec<DecodeJob>, Vec<Result<Vec<u8>>>>| {
            let mut state = decoder.state();
            while let Some((group, ticket)) = jobs.next() {
                ticket.finish(decoder.decode(&mut state, group));
            }
        },
    )
}

/// The member being read.
struct Member {
    start: MemberStart,
    /// The embedded model, until the first modelled block needs it.
    embedded: Option<Vec<u8>>,
    decoder: Arc<BlockDecoder>,
    pool: DecodePool,
    /// Blocks that were read, until there are enough to decode together.
    group: Vec<DecodeJob>,
    /// Headers of all blocks that were read and not yet returned, oldest first.
    headers: VecDeque<BlockHeader>,
    /// Decoded blocks, oldest first.
    decoded: VecDeque<Result<Vec<u8>>>,
    n_blocks: u64,
    original_bytes: u64,
    /// Whether a block was shorter than the nominal length; it must be the last one.
    short: bool,
    entries_crc: crc32fast::Hasher,
    hasher: blake3::Hasher,
    /// Set when all blocks were submitted; the source is then after the tag of the index, or after
    /// the short member.
    index_at: Option<u64>,
    /// An error that is reported after the blocks before it were returned.
    failure: Option<Error>,
}

enum State {
    BetweenMembers,
    InMember(Box<Member>),
    Finished,
    Failed,
}

/// Decodes a stream of members. Everything is checked: each block before it is returned, and the
/// whole member, index included, before the end or the next member is reported. It holds about two
/// blocks per thread. It is a [`Read`] whose errors are restored with [`Error::from`];
/// [`Reader::next_block`] returns whole blocks.
pub struct Reader<R: Read> {
    source: Source<R>,
    options: ReaderOptions,
    state: State,
    summary: Summary,
    /// The model of the previous member, because the next one often has the same.
    last_model: Option<Arc<dyn Model>>,
    on_block: Option<OnBlock>,
    /// For [`Read`]: the current block, and how much of it was returned.
    block: Vec<u8>,
    given: usize,
}

impl<R: Read> Reader<R> {
    /// Creates a reader; it reads nothing yet.
    pub fn new(source: R, options: ReaderOptions) -> Self {
        Self {
            source: Source::new(source),
            options,
            state: State::BetweenMembers,
            summary: Summary::default(),
            last_model: None,
            on_block: None,
            block: Vec::new(),
            given: 0,
        }
    }

    /// Calls `hook` after each block that was decoded.
    pub fn on_block(&mut self, hook: OnBlock) {
        self.on_block = Some(hook);
    }

    /// Summary of the data read so far.
    pub fn summary(&self) -> Summary {
        Summary { compressed_bytes: self.source.at(), ..self.summary }
    }

    /// Reads the header of the first member if this was not done yet, so that [`Reader::label`] and
    /// faults of the header are known before any block is decoded.
    ///
    /// # Errors
    /// As [`Reader::next_block`].
    pub fn start(&mut self) -> Result<()> {
        if self.summary.members > 0 || !matches!(self.state, State::BetweenMembers) {
            return Ok(());
        }
        self.state = State::Failed;
        self.state = State::InMember(Box::new(self.start_member()?));
        Ok(())
    }

    /// The label of the member of the last returned block; for a member without blocks, its label
    /// between its start and the start of the next member.
    pub fn label(&self) -> Option<&str> {
        match &self.state {
            State::InMember(member) => member.start.label.as_deref(),
            _ => None,
        }
    }

    /// Number of members that were read completely and are sound.
    pub fn members(&self) -> u64 {
        self.summary.members
    }

    /// The next decoded block; `None` after the last one, when the whole file was checked.
    ///
    /// # Errors
    /// The [`crate::ErrorKind`] of a fault of the file; blocks before the damage are returned
    /// first. Also errors of the source and the loader, and cancellation. After an error nothing
    /// more can be read.
    pub fn next_block(&mut self) -> Result<Option<Vec<u8>>> {
        let next = self.advance();
        if next.is_err() {
            self.state = State::Failed;
        }
        next
    }

    /// Decodes everything into `out`.
    ///
    /// # Errors
    /// As [`Reader::next_block`], and of writing.
    pub fn copy_to(&mut self, out: &mut dyn Write) -> Result<Summary> {
        while let Some(block) = self.next_block()? {
            let written = out.write_all(&block);
            written.map_err(|error| Error::from(error).context("writing a decoded block"))?;
        }
        Ok(self.summary())
    }

    fn advance(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            check_cancel(self.options.cancel.as_deref())?;
            match &mut self.state {
                State::Finished => return Ok(None),
                State::Failed => {
                    return Err(Error::invalid_argument("this reader failed before"));
                }
                State::BetweenMembers => {
                    if self.summary.members > 0 && self.source.at_end()? {
                        self.state = State::Finished;
                        continue;
                    }
                    self.state = State::InMember(Box::new(self.start_member()?));
                }
                State::InMember(member) => {
                    while member.wants_more() {
                        let (source, options) = (&mut self.source, &self.options);
                        if let Err(failure) = member.feed(source, options, &mut self.last_model) {
                            member.failure = Some(failure);
                        }
                        // No more blocks follow, so the blocks read so far are decoded now.
                        if (member.index_at.is_some() || member.failure.is_some())
                            && let Err(failure) = member.submit_group()
                        {
                            member.failure = Some(failure);
                        }
                    }
                    if let Some(block) = member.next_decoded() {
                        let block = block?;
                        member.hasher.update(&block);
                        self.summary.original_bytes += block.len() as u64;
                        if let Some(header) = member.headers.pop_front() {
                            self.summary.compressed_bytes += header.stored_bytes();
                            self.summary.count(header.method);
                        }
                        if let Some(hook) = &mut self.on_block {
                            hook(self.summary.progress());
                        }
                        return Ok(Some(block));
                    }
                    if let Some(failure) = member.failure.take() {
                        return Err(failure);
                    }
                    let end_bytes = member.check_end(&mut self.source)?;
                    self.summary.compressed_bytes += end_bytes;
                    self.summary.members += 1;
                    self.state = State::BetweenMembers;
                }
            }
        }
    }

    fn start_member(&mut self) -> Result<Member> {
        let start = MemberStart::read(&mut self.source, &self.options.limits)?;
        let embedded = start.read_model(&mut self.source)?;
        self.summary.compressed_bytes += start.len();
        let decoder = Arc::default();
        let pool = decode_pool(&self.options, &decoder);
        Ok(Member {
            start,
            embedded,
            decoder,
            pool,
            group: Vec::new(),
            headers: VecDeque::new(),
            decoded: VecDeque::new(),
            n_blocks: 0,
            original_bytes: 0,
            short: false,
            entries_crc: crc32fast::Hasher::new(),
            hasher: blake3::Hasher::new(),
            index_at: None,
            failure: None,
        })
    }
}

impl Member {
    fn wants_more(&self) -> bool {
        self.index_at.is_none() && self.failure.is_none() && !self.pool.is_full()
    }

    /// Reads one block and passes it to the threads, or finds the index.
    fn feed<R: Read>(
        &mut self,
        source: &mut Source<R>,
        options: &ReaderOptions,
        last_model: &mut Option<Arc<dyn Model>>,
    ) -> Result<()> {
        let at = source.at();
        if let Some(short) = &mut self.start.short {
            self.index_at = Some(at);
            let Some(ShortBlock { header, payload, payload_at }) = short.block.take() else {
                return Ok(());
            };
            let digest = Some(short.original_digest);
            if header.method == Method::Modelled {
                self.load_model(options, last_model)?;
            }
            self.push(DecodeJob { header, payload, at: payload_at, digest });
            return Ok(());
        }
        let [tag] = source.array("the next block or the index")?;
        if tag == INDEX_TAG {
            self.index_at = Some(at);
            return Ok(());
        }
        if tag != BLOCK_TAG {
            return Err(Error::corrupt(format!(
                "byte {at} is {tag:#04x}: neither a block nor an index"
            )));
        }
        let bytes = source.array_after(tag, "a block header")?;
        let block_bytes = self.start.header.block_bytes;
        let header = BlockHeader::read_from(&bytes, block_bytes, at)?;
        if self.short {
            return Err(Error::corrupt(format!(
                "block at byte {at}: the block before has less than {block_bytes} bytes, but only \
                 the last block may be shorter"
            )));
        }
        if header.method == Method::Modelled && !self.decoder.has_model() {
            self.load_model(options, last_model)?;
        }
        let payload = source.vec(header.payload_bytes, "a block")?;
        self.short = header.original_bytes < block_bytes;
        self.entries_crc.update(&IndexEntry::of(&header)?.to_bytes());
        self.push(DecodeJob { header, payload, at, digest: None });
        if self.group.len() >= options.group.unwrap_or_else(|| self.decoder.group()) {
            self.submit_group()?;
        }
        Ok(())
    }

    fn push(&mut self, job: DecodeJob) {
        self.n_blocks += 1;
        self.original_bytes += u64::from(job.header.original_bytes);
        self.headers.push_back(job.header);
        self.group.push(job);
    }

    fn submit_group(&mut self) -> Result<()> {
        if self.group.is_empty() {
            return Ok(());
        }
        self.pool.submit(std::mem::take(&mut self.group))
    }

    /// Waits for the next block; `None` if all blocks that were read have been returned.
    fn next_decoded(&mut self) -> Option<Result<Vec<u8>>> {
        if self.decoded.is_empty() {
            match self.pool.collect()? {
                Ok(group) => self.decoded.extend(group),
                Err(error) => return Some(Err(error)),
            }
        }
        self.decoded.pop_front()
    }

    fn load_model(
        &mut self,
        options: &ReaderOptions,
        last_model: &mut Option<Arc<dyn Model>>,
    ) -> Result<()> {
        let embedded = self.embedded.take();
        let model = match last_model {
            Some(model) if self.start.takes(model.as_ref()) => Some(Arc::clone(model)),
            _ => self.start.model(embedded.as_deref(), options.models.as_ref())?,
        };
        let Some(model) = model else { return Ok(()) };
        self.decoder.set_model(Arc::clone(&model));
        *last_model = Some(model);
        Ok(())
    }

    /// Reads index and footer and compares them with the blocks that were read and decoded. Returns
    /// the number of bytes of both.
    fn check_end<R: Read>(&mut self, source: &mut Source<R>) -> Result<u64> {
        let index_at = self.index_at.expect("a member ends when its index was found");
        if let Some(short) = &self.start.short {
            if short.original_digest != *self.hasher.finalize().as_bytes() {
                return Err(Error::damaged(format_args!(
                    "end of the member at byte {}: it states another BLAKE3 than that of the \
                     decoded bytes",
                    self.start.at
                )));
            }
            // Of the other bytes, the headers of start and block were counted before.
            return Ok(SHORT_END_BYTES as u64 - BLOCK_HEADER_BYTES as u64 * self.n_blocks);
        }
        let header = source.array_after(INDEX_TAG, "the index")?;
        let header = IndexHeader::read_from(&header, index_at)?;
        if header.n_blocks != self.n_blocks {
            return Err(Error::corrupt(format!(
                "index at byte {index_at}: {} blocks; the member has {}",
                header.n_blocks, self.n_blocks
            )));
        }
        let mut entries_crc = crc32fast::Hasher::new();
        for _ in 0..self.n_blocks {
            entries_crc.update(&source.array::<INDEX_ENTRY_BYTES>("the index")?);
        }
        let entries_crc = entries_crc.finalize();
        let footer_at = source.at();
        let footer = Footer::read_from(&source.array("the footer")?, footer_at)?;
        let mismatch =
            |what: &str| Err(Error::damaged(format_args!("footer at byte {footer_at}: {what}")));
        if footer.index_crc != entries_crc {
            return mismatch("its checksum of the index is wrong");
        }
        let true_crc = std::mem::take(&mut self.entries_crc).finalize();
        if footer.index_crc != true_crc {
            return Err(Error::corrupt(format!(
                "index at byte {index_at}: its entries differ from the blocks of the member"
            )));
        }
        let start = self.start.at;
        let found = (self.n_blocks, self.original_bytes, index_at - start, source.at() - start);
        let stated =
            (footer.n_blocks, footer.original_bytes, footer.index_offset, footer.member_bytes);
        if found != stated {
            return Err(Error::corrupt(format!(
                "footer at byte {footer_at}: (blocks, original bytes, index offset, member bytes) \
                 are {found:?}, stored {stated:?}"
            )));
        }
        if footer.original_digest != *self.hasher.finalize().as_bytes() {
            return mismatch("it states another BLAKE3 than that of the decoded bytes");
        }
        Ok(source.at() - index_at)
    }
}

impl<R: Read> Read for Reader<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        while self.given == self.block.len() {
            match self.next_block()? {
                Some(block) => (self.block, self.given) = (block, 0),
                None => return Ok(0),
            }
        }
        let n = out.len().min(self.block.len() - self.given);
        out[..n].copy_from_slice(&self.block[self.given..self.given + n]);
        self.given += n;
        Ok(n)
    }
}

/// Whether a file begins like a `.vxc` file (the first 8 bytes are enough).
pub fn is_vxc(start: &[u8]) -> bool {
    start.starts_with(&MAGIC)
}
