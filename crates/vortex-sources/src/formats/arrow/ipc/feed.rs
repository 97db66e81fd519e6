//! What is read of a part of a column: over all batches, in order.

use std::collections::VecDeque;

use super::buffers::{Bits, Buffer};
use super::messages::Batch;
use super::schema::{Part, Stored};
use super::slots::{Cursor, Slots, first_buffer};
use crate::formats::arrow::positioned::Positioned;
use crate::formats::arrow::shape::{Feed, What};
use crate::source::PIECE_BYTES;

/// Most bytes that views of a batch may refer to; they are in memory.
const MAX_VIEWED_BYTES: u64 = 1 << 30;
/// Bytes of a view, and of a text that is inside of it.
const VIEW_BYTES: usize = 16;
const INLINE_BYTES: usize = 12;

/// A part of a column.
pub(super) struct PartFeed<'a> {
    file: &'a Positioned,
    batches: Vec<&'a Batch>,
    parts: &'a [Part],
    node: usize,
    what: Vec<What>,
    next_batch: usize,
    open: Option<Open>,
    /// Texts that are still to come.
    texts: VecDeque<(u64, u64)>,
    viewed: Vec<u8>,
}

/// A batch.
struct Open {
    cursor: Cursor,
    values: Values,
}

/// Where the values of a batch are.
enum Values {
    None,
    Bits(Bits),
    Buffer(Buffer),
    Views { views: Buffer, texts: Vec<Vec<u8>> },
}

impl<'a> PartFeed<'a> {
    pub(super) fn new(
        file: &'a Positioned,
        batches: Vec<&'a Batch>,
        parts: &'a [Part],
        node: usize,
        what: &[What],
    ) -> Self {
        Self {
            file,
            batches,
            parts,
            node,
            what: what.to_vec(),
            next_batch: 0,
            open: None,
            texts: VecDeque::new(),
            viewed: Vec::new(),
        }
    }

    /// The next slots of all batches.
    fn slots(&mut self) -> Result<Option<Slots>, String> {
        loop {
            if let Some(open) = &mut self.open
                && let Some(slots) = open.cursor.next()?
            {
                return Ok(Some(slots));
            }
            let Some(batch) = self.batches.get(self.next_batch) else { return Ok(None) };
            self.next_batch += 1;
            let cursor = Cursor::new(self.file, batch, self.parts, self.node)?;
            let values = Values::open(self.file, batch, &self.parts[self.node], &self.what)?;
            self.open = Some(Open { cursor, values });
        }
    }

    /// Appends the bytes of some texts.
    fn data(&mut self, out: &mut Vec<u8>) -> Result<bool, String> {
        loop {
            while let Some((start, end)) = self.texts.front_mut() {
                let n = (*end - *start).min((PIECE_BYTES - out.len()) as u64);
                let Some(Open { values: Values::Buffer(buffer), .. }) = &mut self.open else {
                    return Err("texts without bytes".into());
                };
                buffer.read(*start, n as usize, out)?;
                *start += n;
                if start == end {
                    self.texts.pop_front();
                }
                if out.len() >= PIECE_BYTES {
                    return Ok(true);
                }
            }
            if out.len() >= PIECE_BYTES / 4 {
                return Ok(true);
            }
            let Some(slots) = self.slots()? else { return Ok(!out.is_empty()) };
            if let Some(Open { values: Values::Views { views, texts }, .. }) = &mut self.open {
                // Many views may refer to the same text.
                for (slot, view) in read_views(views, &slots, &mut self.viewed)? {
                    out.extend_from_slice(text(view, texts)?);
                    if out.len() > MAX_VIEWED_BYTES as usize {
                        return Err(format!("the texts up to {slot} are too long"));
                    }
                }
                continue;
            }
            for (start, end) in slots.ranges().filter(|(start, end)| start < end) {
                match self.texts.back_mut() {
                    Some((_, last)) if *last == start => *last = end,
                    _ => self.texts.push_back((start, end)),
                }
            }
        }
    }
}

impl Values {
    fn open(file: &Positioned, batch: &Batch, part: &Part, what: &[What]) -> Result<Self, String> {
        let first = first_buffer(batch, part);
        let buffer = |number| Buffer::open(file, batch, number);
        let wanted = |one| what.contains(&one);
        Ok(match part.stored {
            Stored::Bits if wanted(What::Value) => Self::Bits(Bits::new(buffer(first + 1)?)),
            Stored::Fixed(_) if wanted(What::Value) => Self::Buffer(buffer(first + 1)?),
            // The validity of each array inside, and that of the numbers.
            Stored::Packed(_, depth) if wanted(What::Value) => {
                Self::Buffer(buffer(first + depth + 1)?)
            }
            Stored::Texts(_) if wanted(What::Data) => Self::Buffer(buffer(first + 2)?),
            Stored::Views if wanted(What::Data) || wanted(What::Counts) => {
                let mut texts = Vec::new();
                let count = batch.variadic.get(part.views).copied().unwrap_or_default();
                let mut bytes = 0u64;
                for number in 0..count.min(if wanted(What::Data) { u64::MAX } else { 0 }) {
                    let number = first + 2 + usize::try_from(number).map_err(|e| e.to_string())?;
                    let len = whole_length(file, batch, number)?;
                    bytes = bytes.saturating_add(len);
                    if bytes > MAX_VIEWED_BYTES {
                        return Err(format!("views of more than {MAX_VIEWED_BYTES} bytes"));
                    }
                    let mut text = Vec::new();
                    buffer(number)?.read(0, len as usize, &mut text)?;
                    texts.push(text);
                }
                Self::Views { views: buffer(first + 1)?, texts }
            }
            _ => Self::None,
        })
    }
}

/// Bytes of a buffer when it is not compressed.
fn whole_length(file: &Positioned, batch: &Batch, number: usize) -> Result<u64, String> {
    let (start, len) = *batch.buffers.get(number).ok_or("a buffer that is not there")?;
    if batch.codec.is_none() || len < 8 {
        return Ok(len);
    }
    let stated = file.bytes(start, 8)?.try_into().map(i64::from_le_bytes).unwrap_or_default();
    Ok(u64::try_from(stated).unwrap_or(len - 8))
}

/// The views of the slots that have a value.
fn read_views<'v>(
    views: &mut Buffer,
    slots: &Slots,
    bytes: &'v mut Vec<u8>,
) -> Result<Vec<(usize, &'v [u8])>, String> {
    bytes.clear();
    views.read(slots.start * VIEW_BYTES as u64, slots.len * VIEW_BYTES, bytes)?;
    let all = bytes.chunks_exact(VIEW_BYTES).enumerate();
    Ok(all.filter(|(slot, _)| slots.has(*slot)).collect())
}

fn word(view: &[u8], at: usize) -> u32 {
    view[at..at + 4].try_into().map(u32::from_le_bytes).unwrap_or_default()
}

/// The text that a view shows.
fn text<'t>(view: &'t [u8], texts: &'t [Vec<u8>]) -> Result<&'t [u8], String> {
    let len = word(view, 0) as usize;
    if len <= INLINE_BYTES {
        return Ok(&view[4..4 + len]);
    }
    let (number, start) = (word(view, 8) as usize, word(view, 12) as usize);
    let text = texts.get(number).and_then(|text| text.get(start..start.checked_add(len)?));
    text.ok_or_else(|| format!("a view of {len} bytes at {start} of buffer {number}"))
}

impl Feed for PartFeed<'_> {
    fn next(&mut self, out: &mut [Vec<u8>]) -> Result<bool, String> {
        if let ([What::Data], [out]) = (self.what.as_slice(), &mut *out) {
            return self.data(out);
        }
        let Some(slots) = self.slots()? else { return Ok(false) };
        let Some(open) = &mut self.open else { return Ok(false) };
        for (what, out) in self.what.iter().zip(out) {
            match what {
                What::Valid => {
                    let all = slots.valid.iter().zip(&slots.present);
                    out.extend(all.map(|(valid, present)| valid | (present ^ 1)));
                }
                What::Counts => match &mut open.values {
                    Values::Views { views, .. } => {
                        let start = out.len();
                        out.resize(start + 4 * slots.len, 0);
                        for (slot, view) in read_views(views, &slots, &mut self.viewed)? {
                            let at = start + 4 * slot;
                            out[at..at + 4].copy_from_slice(&view[..4]);
                        }
                    }
                    _ => {
                        for (start, end) in slots.ranges() {
                            let n = u32::try_from(end - start);
                            let n = n.map_err(|_| format!("{} items in a list", end - start))?;
                            out.extend(n.to_le_bytes());
                        }
                    }
                },
                What::Value => match &mut open.values {
                    Values::Bits(bits) => {
                        let bits = bits.read(slots.start, slots.len)?;
                        let bits = bits.iter().enumerate();
                        out.extend(bits.map(|(slot, bit)| bit & u8::from(slots.has(slot))));
                    }
                    Values::Buffer(buffer) => {
                        let (Stored::Fixed(width) | Stored::Packed(width, _)) =
                            self.parts[self.node].stored
                        else {
                            return Err("no values of one size".into());
                        };
                        let at = slots.start.checked_mul(width as u64);
                        let before = out.len();
                        buffer.read(at.ok_or("too many values")?, slots.len * width, out)?;
                        let values = out[before..].chunks_exact_mut(width).enumerate();
                        for (_, value) in values.filter(|(slot, _)| !slots.has(*slot)) {
                            value.fill(0);
                        }
                    }
                    Values::None | Values::Views { .. } => return Err("no values".into()),
                },
                What::Data => return Err("bytes beside other parts".into()),
            }
        }
        Ok(true)
    }
}
