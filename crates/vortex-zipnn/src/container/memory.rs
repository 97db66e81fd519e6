//! Whole files in memory, without intermediate copies.

use rayon::prelude::*;

use super::constants::*;
use super::header::{ChunkHeader, FileHeader};
use super::index::Index;
use super::plan::{Piece, Planner};
use super::reader::{check_base, decode_chunk};
use super::writer::{Contents, base_bytes, cut_short, encode_chunk, file_header, segments};
use crate::base::Base;
use crate::chunk::Scratch;
use crate::delta::Filter;
use crate::error::{Error, ErrorKind, Result};
use crate::options::Options;
use crate::threads::Threads;

/// Memory that is allocated before decoding: this number of bytes, plus a multiple of the
/// compressed bytes.
const TRUSTED_BYTES: usize = 1 << 20;
const TRUSTED_RATIO: usize = 8;

/// Compresses and decompresses files and tensors in memory, one after the other, with the same
/// threads and the same working memory: at most eight chunks for each thread, kept until the codec
/// is dropped.
///
/// ```
/// use vortex_zipnn::{Codec, Contents, DType, Options};
///
/// let mut codec = Codec::new(Options { threads: 1, ..Options::default() })?;
/// for tensor in [vec![0u8; 4096], vec![7; 100]] {
///     let packed = codec.compress(&tensor, Contents::Raw(DType::Bf16), None)?;
///     assert_eq!(codec.decompress(&packed, None)?, tensor);
/// }
/// # Ok::<(), vortex_zipnn::Error>(())
/// ```
pub struct Codec {
    options: Options,
    threads: Threads,
    jobs: Vec<Job>,
}

impl std::fmt::Debug for Codec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Codec").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Codec {
    /// Starts the threads.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] for options that are not possible.
    pub fn new(options: Options) -> Result<Self> {
        options.check()?;
        let threads = Threads::new(options.threads)?;
        let jobs = (0..threads.in_flight()).map(|_| Job::default()).collect();
        Ok(Self { options, threads, jobs })
    }

    /// Compresses a whole file in memory to the same file that [`compress`](super::compress)
    /// writes; it is faster, because it copies less.
    ///
    /// # Errors
    /// Those of [`compress`](super::compress), without those of reading and writing.
    pub fn compress(
        &mut self,
        input: &[u8],
        contents: Contents,
        mut base: Option<&mut Base<'_>>,
    ) -> Result<Vec<u8>> {
        let Self { options, threads, jobs } = self;
        let (_, segments) = segments(&mut &input[..], contents, base.as_deref_mut())?;
        let mut planner = Planner::new(segments.into_iter(), options.chunk_bytes);
        let mut out =
            Vec::with_capacity(input.len() + input.len() / 1000 + FILE_OVERHEAD_BYTES + 64);
        out.extend(file_header(base.as_deref(), options).to_bytes());
        let mut index = Index::new();
        let mut rest = input;
        let mut ended = false;
        while !ended {
            let mut work = Vec::with_capacity(jobs.len());
            for job in jobs.iter_mut() {
                let Some(piece) = planner.next() else {
                    ended = true;
                    break;
                };
                let (original, behind) = rest.split_at(piece.bytes.min(rest.len()));
                if original.len() < piece.bytes {
                    ended = true;
                    if !piece.open {
                        return Err(cut_short(input.len() as u64));
                    }
                }
                rest = behind;
                if original.is_empty() {
                    break;
                }
                base_bytes(base.as_deref_mut(), &piece, original.len(), &mut job.base)?;
                work.push((piece, original, job));
            }
            let encode = |piece: &Piece, original: &[u8], job: &mut Job, out: &mut Vec<u8>| {
                encode_chunk(piece, original, &job.base, options.level, &mut job.scratch, out);
            };
            if let [(piece, original, job)] = &mut work[..] {
                let start = out.len();
                encode(piece, original, job, &mut out);
                index.push(&out[start..], original.len());
                continue;
            }
            let encode_one = |(piece, original, job): (Piece, &[u8], &mut Job)| {
                let mut stored = std::mem::take(&mut job.stored);
                stored.clear();
                encode(&piece, original, job, &mut stored);
                job.stored = stored;
                original.len()
            };
            let lengths: Vec<usize> =
                threads.run(|| work.into_par_iter().map(encode_one).collect());
            for (job, n) in jobs.iter().zip(lengths) {
                out.extend_from_slice(&job.stored);
                index.push(&job.stored, n);
            }
        }
        out.extend(index.to_bytes());
        Ok(out)
    }

    /// Decompresses a file in memory to the same bytes that [`decompress`](super::decompress)
    /// writes; it is faster, because it copies nothing. All headers are checked before the first
    /// chunk is decoded, and memory grows with the decoded bytes.
    ///
    /// # Errors
    /// Those of [`decompress`](super::decompress).
    pub fn decompress(&mut self, file: &[u8], mut base: Option<&mut Base<'_>>) -> Result<Vec<u8>> {
        let Self { threads, jobs, .. } = self;
        let header = FileHeader::parse(file)?;
        check_base(&header, base.as_deref())?;
        let (chunks, index) = chunks(file, &header)?;
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
            for (chunk, job) in group.iter().zip(jobs.iter_mut()) {
                let (original, behind) = rest.split_at_mut(chunk.header.original_bytes as usize);
                rest = behind;
                if let (true, Some(base)) =
                    (chunk.header.filter != Filter::None, base.as_deref_mut())
                {
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
}

struct Chunk<'a> {
    at: u64,
    header: ChunkHeader,
    payload: &'a [u8],
}

/// Working memory for one chunk.
#[derive(Default)]
struct Job {
    base: Vec<u8>,
    scratch: Scratch,
    stored: Vec<u8>,
}

/// All chunks, after checks of every header, the index and the footer.
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
        let stored = CHUNK_HEADER_BYTES as u32 + header.payload_bytes;
        index.push_header(bytes, header.original_bytes, stored);
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
