//! The slots of a part of a column in a batch: which of them are there, and where their items are.

use std::collections::VecDeque;

use super::buffers::{Bits, Buffer, Offsets};
use super::messages::Batch;
use super::schema::{Part, Stored};
use crate::formats::arrow::positioned::Positioned;

/// Most slots that are read at a time.
const SLOTS: u64 = 1 << 14;

/// Some slots that follow each other.
#[derive(Debug)]
pub(super) struct Slots {
    pub(super) start: u64,
    pub(super) len: usize,
    /// 0 for those inside of a null.
    pub(super) present: Vec<u8>,
    /// 0 for nulls.
    pub(super) valid: Vec<u8>,
    /// Of texts and lists, the offsets before and behind them.
    pub(super) offsets: Vec<u64>,
}

impl Slots {
    /// Whether there is a value.
    pub(super) fn has(&self, slot: usize) -> bool {
        self.present[slot] & self.valid[slot] != 0
    }

    /// The offsets of the items of each slot; those of nulls are not used.
    pub(super) fn ranges(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let pairs = self.offsets.windows(2).enumerate();
        pairs.map(|(slot, pair)| if self.has(slot) { (pair[0], pair[1]) } else { (0, 0) })
    }
}

/// All slots of a part in a batch, from the first on.
pub(super) struct Cursor {
    from: From,
    /// Slots in the array.
    length: u64,
    bits: Option<Bits>,
    offsets: Option<Offsets>,
    nullable: bool,
}

/// Where slots come from.
enum From {
    /// The rows of the batch, up to the number.
    Rows(u64, u64),
    /// The same slots as in a struct.
    Struct(Box<Cursor>),
    /// The items of lists, and the ranges that are still to come.
    Lists(Box<Cursor>, VecDeque<(u64, u64)>),
    /// So many items in each slot, and the slots that are still to come with their presence.
    Arrays(Box<Cursor>, u64, VecDeque<(u64, Vec<u8>)>),
}

impl Cursor {
    pub(super) fn new(
        file: &Positioned,
        batch: &Batch,
        parts: &[Part],
        node: usize,
    ) -> Result<Self, String> {
        let part = parts.get(node).ok_or("an unknown column")?;
        let from = match part.parent {
            None => From::Rows(0, batch.rows),
            Some(parent) => {
                let cursor = Box::new(Self::new(file, batch, parts, parent)?);
                match parts[parent].stored {
                    Stored::Lists(_) => From::Lists(cursor, VecDeque::new()),
                    Stored::Array(n) => From::Arrays(cursor, n.into(), VecDeque::new()),
                    _ => From::Struct(cursor),
                }
            }
        };
        let (length, _) = *batch.arrays.get(part.array).ok_or("an array that is not there")?;
        let first = first_buffer(batch, part);
        let (bits, offsets) = match part.stored {
            Stored::Null => (None, None),
            stored => {
                let bits = Bits::new(Buffer::open(file, batch, first)?);
                let offsets = match stored {
                    Stored::Texts(wide) | Stored::Lists(wide) => {
                        Some(Offsets::new(Buffer::open(file, batch, first + 1)?, wide))
                    }
                    _ => None,
                };
                (Some(bits).filter(|bits| !bits.is_empty()), offsets)
            }
        };
        Ok(Self { from, length, bits, offsets, nullable: part.nullable })
    }

    /// The next slots; at least one, if there are any.
    pub(super) fn next(&mut self) -> Result<Option<Slots>, String> {
        let Some((start, present)) = self.from.next()? else { return Ok(None) };
        let len = present.len();
        if start.checked_add(len as u64).is_none_or(|end| end > self.length) {
            return Err(format!("{len} values from {start} on, of {}", self.length));
        }
        let valid = match &mut self.bits {
            Some(bits) => bits.read(start, len)?,
            None => vec![1; len],
        };
        let null = |(valid, present): (&u8, &u8)| *valid == 0 && *present != 0;
        if !self.nullable && valid.iter().zip(&present).any(null) {
            return Err("nulls, which the schema does not allow".into());
        }
        let offsets = match &mut self.offsets {
            Some(offsets) => offsets.read(start, len)?,
            None => Vec::new(),
        };
        Ok(Some(Slots { start, len, present, valid, offsets }))
    }
}

impl From {
    /// The first of the next slots, and which of them are not inside of a null.
    fn next(&mut self) -> Result<Option<(u64, Vec<u8>)>, String> {
        match self {
            Self::Rows(at, rows) => {
                let len = (*rows - *at).min(SLOTS);
                let start = *at;
                *at += len;
                Ok((len > 0).then(|| (start, vec![1; len as usize])))
            }
            Self::Struct(parent) => {
                let Some(slots) = parent.next()? else { return Ok(None) };
                let present = (0..slots.len).map(|slot| u8::from(slots.has(slot))).collect();
                Ok(Some((slots.start, present)))
            }
            Self::Lists(parent, ranges) => loop {
                if let Some((start, end)) = ranges.front_mut() {
                    let (first, len) = (*start, (*end - *start).min(SLOTS));
                    *start += len;
                    if start == end {
                        ranges.pop_front();
                    }
                    return Ok(Some((first, vec![1; len as usize])));
                }
                let Some(slots) = parent.next()? else { return Ok(None) };
                for (start, end) in slots.ranges().filter(|(start, end)| start < end) {
                    match ranges.back_mut() {
                        Some((_, last)) if *last == start => *last = end,
                        _ => ranges.push_back((start, end)),
                    }
                }
            },
            Self::Arrays(parent, n, held) => loop {
                if let Some(next) = held.pop_front() {
                    return Ok(Some(next));
                }
                let Some(slots) = parent.next()? else { return Ok(None) };
                if *n == 0 {
                    continue;
                }
                let end = slots.start.checked_add(slots.len as u64).and_then(|e| e.checked_mul(*n));
                end.ok_or("more than 2^64 items")?;
                // A piece never has more than SLOTS items, and arrays may be longer.
                let mut piece = (slots.start * *n, Vec::new());
                for slot in 0..slots.len {
                    let mut left = *n;
                    while left > 0 {
                        let len = left.min(SLOTS - piece.1.len() as u64);
                        piece.1.resize(piece.1.len() + len as usize, u8::from(slots.has(slot)));
                        left -= len;
                        if piece.1.len() as u64 == SLOTS {
                            let next = piece.0 + SLOTS;
                            held.push_back(std::mem::replace(&mut piece, (next, Vec::new())));
                        }
                    }
                }
                if !piece.1.is_empty() {
                    held.push_back(piece);
                }
            },
        }
    }
}

/// The number of the first buffer of a part in a batch.
pub(super) fn first_buffer(batch: &Batch, part: &Part) -> usize {
    let before = batch.variadic.iter().take(part.views);
    before
        .fold(part.buffer, |n, more| n.saturating_add(usize::try_from(*more).unwrap_or(usize::MAX)))
}
