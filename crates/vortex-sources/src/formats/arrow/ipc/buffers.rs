//! The buffers of a batch, read from front to back.

use std::io::{BufReader, Read};

use super::messages::{Batch, Codec};
use crate::formats::arrow::positioned::{Positioned, Reading};

/// Bytes that are passed over at a time.
const SKIPPED_BYTES: u64 = 64 << 10;

/// A buffer.
pub(super) struct Buffer {
    source: Source,
    /// The next byte.
    at: u64,
}

enum Source {
    None,
    Plain { file: Positioned, start: u64, len: u64 },
    Packed(Box<dyn Read>),
}

impl Buffer {
    /// Buffer `number` of a batch.
    pub(super) fn open(file: &Positioned, batch: &Batch, number: usize) -> Result<Self, String> {
        let (start, len) = *batch.buffers.get(number).ok_or("a buffer that is not there")?;
        let plain = |start, len| Source::Plain { file: file.clone(), start, len };
        let source = match batch.codec {
            _ if len == 0 => Source::None,
            None => plain(start, len),
            Some(codec) => {
                let head = file.bytes(start, len.min(8))?;
                let stated = head.try_into().map(i64::from_le_bytes);
                let stated = stated.map_err(|_| "a compressed buffer without its length")?;
                match u64::try_from(stated) {
                    Err(_) if stated == -1 => plain(start + 8, len - 8),
                    Err(_) => return Err(format!("a buffer of {stated} bytes")),
                    Ok(0) => Source::None,
                    Ok(stated) => {
                        let packed = BufReader::new(file.reading(start + 8, start + len));
                        Source::Packed(unpacked(codec, packed, stated)?)
                    }
                }
            }
        };
        Ok(Self { source, at: 0 })
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self.source, Source::None)
    }

    /// Appends `len` bytes from `at` on to `out`; `at` never goes back.
    pub(super) fn read(&mut self, at: u64, len: usize, out: &mut Vec<u8>) -> Result<(), String> {
        if len == 0 {
            return Ok(());
        }
        let ends = || format!("a buffer ends before its byte {}", at.saturating_add(len as u64));
        match &mut self.source {
            Source::None => return Err(ends()),
            Source::Plain { file, start, len: held } => {
                if at.checked_add(len as u64).is_none_or(|end| end > *held) {
                    return Err(ends());
                }
                out.extend(file.bytes(*start + at, len as u64)?);
            }
            Source::Packed(from) => {
                let mut skip = at.checked_sub(self.at).ok_or("offsets that go back")?;
                let mut skipped = Vec::new();
                while skip > 0 {
                    let n = skip.min(SKIPPED_BYTES);
                    skipped.resize(n as usize, 0);
                    from.read_exact(&mut skipped).map_err(|e| format!("{}: {e}", ends()))?;
                    skip -= n;
                }
                // What is stated may be more than there is.
                let before = out.len();
                let read = from.by_ref().take(len as u64).read_to_end(out);
                read.map_err(|e| format!("a damaged buffer: {e}"))?;
                if out.len() - before != len {
                    return Err(ends());
                }
            }
        }
        self.at = at.saturating_add(len as u64);
        Ok(())
    }
}

/// The bytes of a compressed buffer, at most as many as it states.
fn unpacked(
    codec: Codec,
    packed: BufReader<Reading>,
    stated: u64,
) -> Result<Box<dyn Read>, String> {
    Ok(match codec {
        Codec::Lz4 => Box::new(lz4_flex::frame::FrameDecoder::new(packed).take(stated)),
        Codec::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(packed);
            Box::new(decoder.map_err(|e| e.to_string())?.take(stated))
        }
    })
}

/// A bitmap; without bytes, all bits are 1.
pub(super) struct Bits {
    buffer: Buffer,
    /// The byte that was read last, and its number.
    held: Option<(u64, u8)>,
}

impl Bits {
    pub(super) fn new(buffer: Buffer) -> Self {
        Self { buffer, held: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The bits of `len` slots from `start` on, a byte each.
    pub(super) fn read(&mut self, start: u64, len: usize) -> Result<Vec<u8>, String> {
        let (first, last) = (start / 8, (start + len as u64).div_ceil(8));
        let mut bytes = Vec::new();
        let mut next = first;
        if let Some((number, byte)) = self.held
            && number == first
        {
            bytes.push(byte);
            next += 1;
        }
        self.buffer.read(next, last.saturating_sub(next) as usize, &mut bytes)?;
        if let (Some(byte), true) = (bytes.last(), last > first) {
            self.held = Some((last - 1, *byte));
        }
        let shift = (start % 8) as usize;
        let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (at % 8) & 1);
        Ok((shift..shift + len).map(bit).collect())
    }
}

/// The offsets of texts or lists.
pub(super) struct Offsets {
    buffer: Buffer,
    wide: bool,
    /// The offset that was read last, and its number.
    held: Option<(u64, u64)>,
}

impl Offsets {
    pub(super) fn new(buffer: Buffer, wide: bool) -> Self {
        Self { buffer, wide, held: None }
    }

    /// The offsets before and behind `len` slots from `start` on: `len + 1` of them.
    pub(super) fn read(&mut self, start: u64, len: usize) -> Result<Vec<u64>, String> {
        let width = if self.wide { 8 } else { 4 };
        let mut all = Vec::with_capacity(len + 1);
        let mut next = start;
        if let Some((number, offset)) = self.held
            && number == start
        {
            all.push(offset);
            next += 1;
        }
        let n = (start + len as u64 + 1 - next) as usize;
        let mut bytes = Vec::new();
        self.buffer.read(next * width as u64, n * width, &mut bytes)?;
        for offset in bytes.chunks_exact(width) {
            let offset = match offset.try_into() {
                Ok(wide) => i64::from_le_bytes(wide),
                Err(_) => offset.try_into().map(i32::from_le_bytes).unwrap_or_default().into(),
            };
            let offset = u64::try_from(offset).map_err(|_| format!("an offset of {offset}"))?;
            // Also behind slots that were passed over.
            let last = all.last().copied().or(self.held.map(|(_, offset)| offset));
            if last.is_some_and(|last| last > offset) {
                return Err(format!("an offset of {offset} behind a larger one"));
            }
            all.push(offset);
        }
        self.held = all.last().map(|offset| (start + len as u64, *offset));
        Ok(all)
    }
}
