//! Compresses whole files in bounded memory.

use std::io::{Read, Write};

use rayon::prelude::*;

use super::Summary;
use super::constants::CHUNK_HEADER_BYTES;
use super::fields::crc32;
use super::header::{ChunkHeader, FileHeader};
use super::index::Index;
use super::plan::{Piece, Planner};
use crate::base::Base;
use crate::chunk::{self, Scratch};
use crate::delta::Filter;
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::options::{Level, Options};
use crate::safetensors::{self, Segment};
use crate::threads::Threads;

/// The kind of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// A safetensors file; others are refused.
    Safetensors,
    /// Values of one type from the first byte to the last; with [`DType::Bytes`] anything.
    Raw(DType),
}

/// Compresses all of `input` into one file. With `base`, tensors that it has under the same name, type
/// and length ([`Contents::Raw`]: the same bytes) may be stored as differences.
///
/// Memory: at most eight chunks for each thread.
///
/// # Errors
/// [`ErrorKind::NotSafetensors`] and [`ErrorKind::Truncated`] for input that does not match
/// `contents`, [`ErrorKind::InvalidArgument`] for invalid options, and those of reading and
/// writing.
pub fn compress(
    mut input: impl Read,
    mut output: impl Write,
    contents: Contents,
    mut base: Option<&mut Base<'_>>,
    options: &Options,
) -> Result<Summary> {
    options.check()?;
    let threads = Threads::new(options.threads)?;
    let (head, segments) = segments(&mut input, contents, base.as_deref_mut())?;
    output.write_all(&file_header(base.as_deref(), options).to_bytes())?;
    let mut source = Source {
        input: head.as_slice().chain(input),
        base,
        planner: Planner::new(segments.into_iter(), options.chunk_bytes),
        bytes: 0,
        ended: false,
    };
    let mut index = Index::new();
    let mut jobs: Vec<Job> = (0..threads.in_flight()).map(|_| Job::default()).collect();
    while !source.ended {
        let mut n = 0;
        while n < jobs.len() && source.fill(&mut jobs[n])? {
            n += 1;
        }
        threads.run(|| match &mut jobs[..n] {
            [job] => job.encode(options.level),
            jobs => jobs.par_iter_mut().for_each(|job| job.encode(options.level)),
        });
        for job in &jobs[..n] {
            output.write_all(&job.stored)?;
            index.push(&job.stored, job.original.len());
        }
    }
    output.write_all(&index.to_bytes())?;
    output.flush()?;
    Ok(Summary {
        original_bytes: index.original_bytes,
        file_bytes: index.file_bytes(),
        n_chunks: index.entries.len() as u64,
    })
}

/// The header of a file with these options.
pub(super) fn file_header(base: Option<&Base<'_>>, options: &Options) -> FileHeader {
    FileHeader {
        base: base.map(|base| (base.bytes, base.digest)),
        chunk_bytes: options.chunk_bytes as u32,
    }
}

/// Reads the start of `input` to find its segments; returns the bytes that were read and the
/// segments.
pub(super) fn segments(
    input: &mut dyn Read,
    contents: Contents,
    base: Option<&mut Base<'_>>,
) -> Result<(Vec<u8>, Vec<Segment>)> {
    match contents {
        Contents::Raw(dtype) => {
            let place = base.map(|_| 0);
            Ok((Vec::new(), vec![Segment { base: place, ..Segment::rest(dtype) }]))
        }
        Contents::Safetensors => {
            let header = safetensors::read_header(input)?;
            let mut segments = vec![Segment::gap(header.bytes.len() as u64)];
            segments.extend(header.segments);
            segments.push(Segment::rest(DType::Bytes));
            if let Some(base) = base {
                let tensors = base.tensors()?;
                for segment in &mut segments {
                    segment.base = tensors.place(segment);
                }
            }
            Ok((header.bytes, segments))
        }
    }
}

/// An error for input that ends after `bytes`, before a tensor does.
pub(super) fn cut_short(bytes: u64) -> Error {
    Error::new(
        ErrorKind::Truncated,
        format!("ends after {bytes} bytes, inside the tensors that its header lists"),
    )
}

/// The bytes of the base for a piece with `n` bytes: none, or `n` bytes.
pub(super) fn base_bytes(
    base: Option<&mut Base<'_>>,
    piece: &Piece,
    n: usize,
    out: &mut Vec<u8>,
) -> Result<()> {
    out.clear();
    if let (Some(base), Some(place)) = (base, piece.base)
        && place.checked_add(n as u64).is_some_and(|end| end <= base.bytes)
    {
        base.read_at(place, n, out)?;
    }
    Ok(())
}

/// Appends the header and payload of a chunk.
pub(super) fn encode_chunk(
    piece: &Piece,
    original: &[u8],
    base: &[u8],
    level: Level,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) {
    let base = (base.len() == original.len()).then_some(base);
    let start = out.len();
    let payload_at = start + CHUNK_HEADER_BYTES;
    out.resize(payload_at, 0);
    let shape = chunk::encode(original, piece.dtype, piece.row, base, level, scratch, out);
    let payload = &out[payload_at..];
    let header = ChunkHeader {
        dtype: shape.dtype,
        layout: shape.layout,
        filter: shape.filter,
        row: shape.row as u32,
        original_bytes: original.len() as u32,
        payload_bytes: payload.len() as u32,
        base_offset: match shape.filter {
            Filter::None => 0,
            _ => piece.base.unwrap_or(0),
        },
        original_crc: crc32(original),
        payload_crc: crc32(payload),
    };
    out[start..payload_at].copy_from_slice(&header.to_bytes());
}

/// Returns the bytes of one chunk after the other.
struct Source<'a, 'b, R, I: Iterator<Item = Segment>> {
    input: R,
    base: Option<&'a mut Base<'b>>,
    planner: Planner<I>,
    bytes: u64,
    ended: bool,
}

impl<R: Read, I: Iterator<Item = Segment>> Source<'_, '_, R, I> {
    /// False at the end.
    fn fill(&mut self, job: &mut Job) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let Some(piece) = self.planner.next() else {
            self.ended = true;
            return Ok(false);
        };
        job.original.clear();
        (&mut self.input).take(piece.bytes as u64).read_to_end(&mut job.original)?;
        let found = job.original.len();
        if found < piece.bytes {
            self.ended = true;
            if !piece.open {
                return Err(cut_short(self.bytes + found as u64));
            }
        }
        self.bytes += found as u64;
        base_bytes(self.base.as_deref_mut(), &piece, found, &mut job.base)?;
        job.piece = Some(piece);
        Ok(found > 0)
    }
}

/// One chunk in progress, with memory that is reused for the next one.
#[derive(Default)]
struct Job {
    piece: Option<Piece>,
    original: Vec<u8>,
    base: Vec<u8>,
    scratch: Scratch,
    /// Header and payload.
    stored: Vec<u8>,
}

impl Job {
    fn encode(&mut self, level: Level) {
        let Self { piece, original, base, scratch, stored } = self;
        stored.clear();
        if let Some(piece) = piece.take() {
            encode_chunk(&piece, original, base, level, scratch, stored);
        }
    }
}
