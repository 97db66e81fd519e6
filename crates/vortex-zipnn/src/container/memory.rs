//! Whole files in memory, without copies on the way.

use rayon::prelude::*;

use super::constants::*;
use super::header::{ChunkHeader, FileHeader};
use super::index::Index;
use super::reader::{check_base, decode_chunk};
use crate::base::Base;
use crate::chunk::Scratch;
use crate::delta::Filter;
use crate::error::{Error, ErrorKind, Result};
use crate::threads::Threads;

/// Memory asked for before anything is decoded: this much, and so many times the compressed bytes.
const TRUSTED_BYTES: usize = 1 << 20;
const TRUSTED_RATIO: usize = 8;

/// What a compressed file in memory was made from, as [`decompress`](super::decompress) writes it; faster, as nothing
/// is copied. All headers are checked before the first chunk is decoded, and memory grows with what is decoded.
///
/// # Errors
/// Those of [`decompress`](super::decompress).
pub fn decompress_bytes(
    file: &[u8],
    mut base: Option<&mut Base<'_>>,
    threads: usize,
) -> Result<Vec<u8>> {
    let threads = Threads::new(threads)?;
    let header = FileHeader::parse(file)?;
    check_base(&header, base.as_deref())?;
    let (chunks, index) = chunks(file, &header)?;
    let mut jobs: Vec<Job> = (0..threads.in_flight()).map(|_| Job::default()).collect();
    let trusted = file.len().saturating_mul(TRUSTED_RATIO).saturating_add(TRUSTED_BYTES);
    let mut out = Vec::new();
    out.reserve_exact(usize::try_from(index.original_bytes).unwrap_or(usize::MAX).min(trusted));
    for group in chunks.chunks(jobs.len()) {
        let start = out.len();
        out.resize(
            start + group.iter().map(|c| c.header.original_bytes as usize).sum::<usize>(),
            0,
        );
        let mut rest = &mut out[start..];
        let mut work = Vec::with_capacity(group.len());
        for (chunk, job) in group.iter().zip(&mut jobs) {
            let (original, behind) = rest.split_at_mut(chunk.header.original_bytes as usize);
            rest = behind;
            if let (true, Some(base)) = (chunk.header.filter != Filter::None, base.as_deref_mut()) {
                base.read_at(chunk.header.base_offset, original.len(), &mut job.base)?;
            }
            work.push((chunk, job, original));
        }
        let decode = |(chunk, job, original): (&Chunk<'_>, &mut Job, &mut [u8])| {
            decode_chunk(&chunk.header, chunk.payload, &job.base, &mut job.scratch, original)
                .map_err(|e| e.context(format_args!("chunk at byte {}", chunk.at)))
        };
        threads.run(|| match work.len() {
            1 => work.into_iter().try_for_each(decode),
            _ => work.into_par_iter().try_for_each(decode),
        })?;
    }
    Ok(out)
}

struct Chunk<'a> {
    at: u64,
    header: ChunkHeader,
    payload: &'a [u8],
}

#[derive(Default)]
struct Job {
    base: Vec<u8>,
    scratch: Scratch,
}

/// All chunks, after a look at every header, the index and the footer.
fn chunks<'a>(file: &'a [u8], header: &FileHeader) -> Result<(Vec<Chunk<'a>>, Index)> {
    let mut chunks = Vec::new();
    let mut index = Index::new();
    let mut rest = &file[HEADER_BYTES..];
    let cut = |what: &str, missing: usize| {
        let n = file.len();
        let message = format!("ends at byte {n}, inside {what}; {missing} bytes are missing");
        Error::new(ErrorKind::Truncated, message)
    };
    let head = loop {
        let at = index.offset;
        let what = "the header of a chunk";
        let head: &[u8; INDEX_HEADER_BYTES] =
            rest.first_chunk().ok_or_else(|| cut(what, INDEX_HEADER_BYTES - rest.len()))?;
        if head[0] != CHUNK_TAG {
            break head;
        }
        let (bytes, behind) = rest
            .split_first_chunk::<CHUNK_HEADER_BYTES>()
            .ok_or_else(|| cut(what, CHUNK_HEADER_BYTES - rest.len()))?;
        let header = ChunkHeader::parse(bytes, header, at)?;
        let n = header.payload_bytes as usize;
        let (payload, behind) =
            behind.split_at_checked(n).ok_or_else(|| cut("a chunk", n - behind.len()))?;
        index.push(bytes, header.original_bytes, header.payload_bytes);
        chunks.push(Chunk { at, header, payload });
        rest = behind;
    };
    Index::parse_head(head, index.offset)?;
    let n = INDEX_HEADER_BYTES + chunks.len() * INDEX_ENTRY_BYTES + FOOTER_BYTES;
    let (tail, behind) =
        rest.split_at_checked(n).ok_or_else(|| cut("its index", n - rest.len()))?;
    index.check(head, &tail[INDEX_HEADER_BYTES..])?;
    if !behind.is_empty() {
        return Err(Error::trailing_data(index.file_bytes()));
    }
    Ok((chunks, index))
}
