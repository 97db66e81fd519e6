//! Whole files to compressed ones, in bounded memory.

use std::io::{Read, Write};

use rayon::prelude::*;

use super::Summary;
use super::constants::CHUNK_HEADER_BYTES;
use super::fields::crc32;
use super::header::{ChunkHeader, FileHeader};
use super::index::Index;
use crate::base::Base;
use crate::chunk::{self, Scratch};
use crate::delta::Filter;
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::options::{Level, Options};
use crate::plan::{Piece, Planner};
use crate::safetensors::{self, Segment};
use crate::threads::Threads;

/// What the bytes are.
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
/// Memory: about five chunks for each thread.
///
/// # Errors
/// [`ErrorKind::NotSafetensors`] and [`ErrorKind::Truncated`] for input that is not what `contents`
/// says, [`ErrorKind::InvalidArgument`] for options that are not possible, and those of reading and
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
    let (head, mut segments): (Vec<u8>, Vec<Segment>) = match contents {
        Contents::Raw(dtype) => {
            let place = base.as_ref().map(|_| 0);
            (Vec::new(), vec![Segment { base: place, ..Segment::rest(dtype) }])
        }
        Contents::Safetensors => {
            let header = safetensors::read_header(&mut input)?;
            let mut segments = vec![Segment::gap(header.bytes.len() as u64)];
            segments.extend(header.segments);
            segments.push(Segment::rest(DType::Bytes));
            (header.bytes, segments)
        }
    };
    if let (Contents::Safetensors, Some(base)) = (contents, base.as_deref_mut()) {
        let tensors = base.tensors()?;
        for segment in &mut segments {
            segment.base = tensors.place(segment);
        }
    }
    let header = FileHeader {
        base: base.as_ref().map(|base| (base.bytes, base.digest)),
        chunk_bytes: options.chunk_bytes as u32,
    };
    output.write_all(&header.to_bytes())?;
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
            output.write_all(&job.header)?;
            output.write_all(&job.payload)?;
            index.push(&job.header, job.original.len() as u32, job.payload.len() as u32);
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

/// Gives the bytes of one chunk after the other.
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
                return Err(Error::new(
                    ErrorKind::Truncated,
                    format!(
                        "ends after {} bytes, inside the tensors that its header lists",
                        self.bytes + found as u64
                    ),
                ));
            }
        }
        self.bytes += found as u64;
        job.piece = Some(piece);
        job.base.clear();
        if let (Some(base), Some(place)) = (self.base.as_deref_mut(), piece.base)
            && place.checked_add(found as u64).is_some_and(|end| end <= base.bytes)
        {
            base.read_at(place, found, &mut job.base)?;
        }
        Ok(found > 0)
    }
}

/// One chunk on its way, and memory that serves the next one too.
struct Job {
    piece: Option<Piece>,
    original: Vec<u8>,
    base: Vec<u8>,
    scratch: Scratch,
    header: [u8; CHUNK_HEADER_BYTES],
    payload: Vec<u8>,
}

impl Default for Job {
    fn default() -> Self {
        let (original, base, scratch, payload) = Default::default();
        Self { piece: None, original, base, scratch, header: [0; CHUNK_HEADER_BYTES], payload }
    }
}

impl Job {
    fn encode(&mut self, level: Level) {
        let Some(piece) = self.piece.take() else { return };
        let Self { original, base, scratch, payload, .. } = self;
        let base = (base.len() == original.len()).then_some(&base[..]);
        let shape = chunk::encode(original, piece.dtype, piece.row, base, level, scratch, payload);
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
        self.header = header.to_bytes();
    }
}
