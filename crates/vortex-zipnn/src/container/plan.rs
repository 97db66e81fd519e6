//! The start and end of chunks.
//!
//! A chunk holds values of one type and, if possible, whole rows of one tensor. Short tensors of
//! one type share a chunk. Headers may cost at most 0.05 % of the data. In files of very many short
//! tensors of different types they would cost more, so neighbours of different types share a chunk
//! as plain bytes.

use std::iter::Peekable;

use super::constants::CHUNK_OVERHEAD_BYTES;
use crate::dtype::DType;
use crate::safetensors::Segment;

/// Tensors up to this length are appended to the chunk before them.
const SHORT_BYTES: u64 = 32 << 10;
/// Headers may cost this number of bytes, plus one in [`OVERHEAD_SHARE`] of the bytes so far.
const OVERHEAD_BYTES: u64 = 512;
const OVERHEAD_SHARE: u64 = 2048;

/// The bytes of one chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub dtype: DType,
    pub bytes: usize,
    /// The input may end earlier.
    pub open: bool,
    /// Values per row, counted from the start of the piece; 0 without rows.
    pub row: usize,
    /// Offset of the same bytes in the base.
    pub base: Option<u64>,
}

/// Returns the pieces of a file, one after the other.
#[derive(Debug)]
pub(crate) struct Planner<I: Iterator<Item = Segment>> {
    segments: Peekable<I>,
    /// Bytes of the first segment that are already done.
    done: u64,
    chunk_bytes: u64,
    bytes: u64,
    overhead: u64,
}

impl<I: Iterator<Item = Segment>> Planner<I> {
    pub(crate) fn new(segments: I, chunk_bytes: usize) -> Self {
        Self {
            segments: segments.peekable(),
            done: 0,
            chunk_bytes: chunk_bytes as u64,
            bytes: 0,
            overhead: 0,
        }
    }

    /// Takes at most `most` bytes of the next segment.
    fn take(&mut self, most: u64) -> Option<Piece> {
        let segment = self.segments.peek()?;
        let left = segment.bytes.map(|bytes| bytes - self.done);
        let width = segment.dtype.width() as u64;
        let row_bytes = (segment.row as u64).saturating_mul(width);
        // Whole rows, or at least whole values.
        let unit = if row_bytes > 0 && row_bytes <= most / 2 { row_bytes } else { width };
        let bytes = match left {
            Some(left) if left <= most => left,
            _ => most / unit * unit,
        };
        let aligned = row_bytes > 0 && self.done.is_multiple_of(row_bytes);
        let piece = Piece {
            dtype: segment.dtype,
            bytes: bytes as usize,
            open: left.is_none(),
            row: if aligned && bytes >= 2 * row_bytes { segment.row } else { 0 },
            base: segment.base.map(|base| base.saturating_add(self.done)),
        };
        self.done += bytes;
        if left == Some(bytes) {
            self.segments.next();
            self.done = 0;
        }
        Some(piece)
    }

    /// True if headers stay within their share when a chunk ends here.
    fn can_afford_to_end(&self, bytes: u64) -> bool {
        let overhead = self.overhead + CHUNK_OVERHEAD_BYTES as u64;
        overhead <= OVERHEAD_BYTES + (self.bytes + bytes) / OVERHEAD_SHARE
    }
}

impl<I: Iterator<Item = Segment>> Iterator for Planner<I> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let mut piece = self.take(self.chunk_bytes)?;
        while (piece.bytes as u64) < self.chunk_bytes {
            let bytes = piece.bytes as u64;
            let Some(next) = self.segments.peek() else { break };
            let left = next.bytes.map(|b| b - self.done);
            let continues = piece.base.map(|b| b.saturating_add(bytes)) == next.base;
            let short = left.is_some_and(|b| b <= SHORT_BYTES && b <= self.chunk_bytes - bytes);
            let alike = next.dtype == piece.dtype && continues && self.done == 0;
            if !(alike && short) && self.can_afford_to_end(bytes) {
                break;
            }
            let Some(more) = self.take(self.chunk_bytes - bytes) else { break };
            if more.bytes == 0 {
                break;
            }
            if more.dtype != piece.dtype {
                piece = Piece { dtype: DType::Bytes, row: 0, ..piece };
            } else if more.bytes > piece.bytes / 4 {
                piece.row = 0;
            }
            if !continues {
                piece.base = None;
            }
            piece.bytes += more.bytes;
            piece.open |= more.open;
        }
        self.bytes += piece.bytes as u64;
        self.overhead += CHUNK_OVERHEAD_BYTES as u64;
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(dtype: DType, bytes: u64, row: usize, base: Option<u64>) -> Segment {
        Segment { name: None, dtype, bytes: Some(bytes), row, base }
    }

    fn plan(segments: Vec<Segment>) -> Vec<Piece> {
        let total: u64 = segments.iter().filter_map(|s| s.bytes).sum();
        let pieces: Vec<Piece> = Planner::new(segments.into_iter(), 1 << 16).collect();
        assert_eq!(pieces.iter().map(|p| p.bytes as u64).sum::<u64>(), total);
        let overhead = (pieces.len() * CHUNK_OVERHEAD_BYTES) as u64;
        assert!(overhead <= 640 + total / 1000, "{overhead} for {total}");
        pieces
    }

    #[test]
    fn whole_rows_and_short_tensors_behind() {
        let pieces = plan(vec![
            segment(DType::F32, 200_000, 500, Some(100)),
            segment(DType::F32, 400, 0, Some(200_100)),
            segment(DType::F16, 10_000, 0, None),
        ]);
        let got: Vec<_> = pieces.iter().map(|p| (p.dtype, p.bytes, p.row, p.base)).collect();
        assert_eq!(
            got,
            [
                (DType::F32, 64_000, 500, Some(100)),
                (DType::F32, 64_000, 500, Some(64_100)),
                (DType::F32, 64_000, 500, Some(128_100)),
                (DType::F32, 8_400, 500, Some(192_100)),
                (DType::F16, 10_000, 0, None),
            ]
        );
    }

    #[test]
    fn rows_longer_than_a_chunk_and_open_ends() {
        plan(vec![segment(DType::F64, 1_000_001, 100_000, None)]);
        let mut planner = Planner::new([Segment::rest(DType::F32)].into_iter(), 1 << 16);
        for _ in 0..3 {
            let piece = planner.next().unwrap();
            assert_eq!((piece.bytes, piece.open), (1 << 16, true));
        }
    }

    #[test]
    fn many_short_tensors_of_changing_types() {
        let types = [DType::F32, DType::I8, DType::F16];
        plan((0..10_000).map(|i| segment(types[i % 3], 12 + i as u64 % 7, 2, None)).collect());
    }
}
