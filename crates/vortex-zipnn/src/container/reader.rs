//! Decompresses files in bounded memory.

use std::io::{Read, Write};

use rayon::prelude::*;

use super::Summary;
use super::constants::*;
use super::fields::check;
use super::header::{ChunkHeader, FileHeader};
use super::index::Index;
use crate::base::Base;
use crate::chunk::{self, Scratch};
use crate::delta::Filter;
use crate::error::{Error, ErrorKind, Result};
use crate::threads::Threads;

/// Decompresses one file, which must end at the end of `input`. Files with differences need the
/// `base` that they were made with. Do not use bytes that were written before an error.
///
/// Memory: at most eight chunks for each thread, of the length that the file was made with (at most
/// [`MAX_ORIGINAL_BYTES`]).
///
/// # Errors
/// Any fault of the file: see [`ErrorKind`]; and those of reading and writing.
pub fn decompress(
    input: impl Read,
    mut output: impl Write,
    mut base: Option<&mut Base<'_>>,
    threads: usize,
) -> Result<Summary> {
    let threads = Threads::new(threads)?;
    let mut source = Source { input, at: 0 };
    let mut header = Vec::new();
    source.input.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut header)?;
    let header = FileHeader::parse(&header)?;
    source.at = HEADER_BYTES as u64;
    check_base(&header, base.as_deref())?;
    let mut jobs: Vec<Job> = (0..threads.in_flight()).map(|_| Job::default()).collect();
    let mut index = Index::new();
    let mut index_head = None;
    while index_head.is_none() {
        let mut n = 0;
        while n < jobs.len() && index_head.is_none() {
            index_head = source.fill(&mut jobs[n], &header, base.as_deref_mut())?;
            n += usize::from(index_head.is_none());
        }
        threads.run(|| match &mut jobs[..n] {
            [job] => job.decode(),
            jobs => jobs.par_iter_mut().for_each(Job::decode),
        });
        for job in &mut jobs[..n] {
            std::mem::replace(&mut job.outcome, Ok(()))
                .map_err(|e| e.context(format_args!("chunk at byte {}", job.at)))?;
            output.write_all(&job.original)?;
            let stored = CHUNK_HEADER_BYTES + job.payload.len();
            index.push_header(&job.bytes, job.original.len() as u32, stored as u32);
        }
    }
    let head = index_head.unwrap_or_default();
    Index::parse_head(&head, index.offset)?;
    let mut rest = Vec::new();
    let n = index.entries.len() * INDEX_ENTRY_BYTES + FOOTER_BYTES;
    source.read(n, "its index", &mut rest)?;
    index.check(&head, &rest)?;
    if source.input.take(1).read_to_end(&mut rest)? > 0 {
        return Err(Error::trailing_data(index.file_bytes()));
    }
    output.flush()?;
    Ok(Summary {
        original_bytes: index.original_bytes,
        file_bytes: index.file_bytes(),
        n_chunks: index.entries.len() as u64,
    })
}

pub(super) fn check_base(header: &FileHeader, base: Option<&Base<'_>>) -> Result<()> {
    let Some((bytes, digest)) = header.base else { return Ok(()) };
    let hex = |digest: &[u8; 32]| blake3::Hash::from_bytes(*digest).to_hex();
    let Some(base) = base else {
        return Err(Error::new(
            ErrorKind::MissingBase,
            format!(
                "holds differences from a base checkpoint of {bytes} bytes with BLAKE3 {}; name it",
                hex(&digest)
            ),
        ));
    };
    if (base.bytes, base.digest) != (bytes, digest) {
        return Err(Error::new(
            ErrorKind::WrongBase,
            format!(
                "was made with a base checkpoint of {bytes} bytes with BLAKE3 {}, but the given \
                 one has {} bytes and BLAKE3 {}",
                hex(&digest),
                base.bytes,
                hex(&base.digest)
            ),
        ));
    }
    Ok(())
}

/// The compressed file, and the number of bytes read so far.
struct Source<R> {
    input: R,
    at: u64,
}

impl<R: Read> Source<R> {
    /// Replaces `out` by exactly `n` bytes. Memory grows with the bytes that exist, not with `n`.
    fn read(&mut self, n: usize, what: &str, out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        let found = self.input.by_ref().take(n as u64).read_to_end(out)?;
        self.at += found as u64;
        if found == n {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Truncated,
            format!("ends at byte {}, inside {what}; {} bytes are missing", self.at, n - found),
        ))
    }

    /// Reads one chunk, or the header of the index after the last chunk.
    fn fill(
        &mut self,
        job: &mut Job,
        file: &FileHeader,
        base: Option<&mut Base<'_>>,
    ) -> Result<Option<[u8; INDEX_HEADER_BYTES]>> {
        job.at = self.at;
        let mut bytes = Vec::with_capacity(CHUNK_HEADER_BYTES);
        self.read(INDEX_HEADER_BYTES, "the header of a chunk", &mut bytes)?;
        if bytes[0] != CHUNK_TAG {
            return Ok(Some(std::array::from_fn(|i| bytes[i])));
        }
        let mut rest = Vec::new();
        self.read(CHUNK_HEADER_BYTES - INDEX_HEADER_BYTES, "the header of a chunk", &mut rest)?;
        bytes.extend(rest);
        job.bytes = std::array::from_fn(|i| bytes[i]);
        let header = ChunkHeader::parse(&job.bytes, file, job.at)?;
        self.read(header.payload_bytes as usize, "a chunk", &mut job.payload)?;
        job.base.clear();
        if let (true, Some(base)) = (header.filter != Filter::None, base) {
            base.read_at(header.base_offset, header.original_bytes as usize, &mut job.base)?;
        }
        job.header = Some(header);
        Ok(None)
    }
}

/// One chunk in progress, with memory that is reused for the next one.
struct Job {
    at: u64,
    bytes: [u8; CHUNK_HEADER_BYTES],
    header: Option<ChunkHeader>,
    payload: Vec<u8>,
    base: Vec<u8>,
    original: Vec<u8>,
    scratch: Scratch,
    outcome: Result<()>,
}

impl Default for Job {
    fn default() -> Self {
        let (payload, base, original, scratch) = Default::default();
        let bytes = [0; CHUNK_HEADER_BYTES];
        Self { at: 0, bytes, header: None, payload, base, original, scratch, outcome: Ok(()) }
    }
}

impl Job {
    fn decode(&mut self) {
        let Self { payload, base, original, scratch, .. } = self;
        self.outcome = match &self.header {
            Some(header) => {
                original.resize(header.original_bytes as usize, 0);
                decode_chunk(header, payload, base, scratch, original)
            }
            None => Ok(()),
        };
    }
}

/// Fills `original` with the chunk, whose checksum must be right. If this checksum also covers the
/// payload, the checksum of the payload is only used after an error, to distinguish damage from a
/// wrong file; always checking it would take a tenth of the time.
pub(super) fn decode_chunk(
    header: &ChunkHeader,
    payload: &[u8],
    base: &[u8],
    scratch: &mut Scratch,
    original: &mut [u8],
) -> Result<()> {
    let check_payload = || check(payload, header.payload_crc, "its payload");
    if !chunk::speaks_for_payload(payload, header.shape()) {
        check_payload()?;
    }
    let base = (header.filter != Filter::None).then_some(base);
    chunk::decode(payload, header.shape(), base, scratch, original)
        .and_then(|()| check(original, header.original_crc, "its decoded bytes"))
        .map_err(|error| check_payload().err().unwrap_or(error))
}
