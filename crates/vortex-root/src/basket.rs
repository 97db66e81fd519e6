//! `TBasket`: the bytes of consecutive entries of one branch, and the start of each entry.

use std::ops::Range;

use crate::blocks::Decompressor;
use crate::branch::BasketPlace;
use crate::bytes::FileBytes;
use crate::cursor::Cursor;
use crate::error::{Fault, Outcome};
use crate::key::Key;
use crate::limits::{MAX_BASKET_BYTES, MAX_KEY_BYTES};

/// An uncompressed basket. It can be reused for another one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Basket {
    pub(crate) n_entries: usize,
    /// The values, and after them the offsets as on disk.
    bytes: Vec<u8>,
    data_len: usize,
    /// The place in `bytes` of the big-endian 32-bit offsets of the entries; offsets include the
    /// key.
    offsets: Option<Range<usize>>,
    key_len: usize,
}

/// Buffers for reading baskets one after the other.
#[derive(Debug, Default)]
pub(crate) struct BasketBuffers {
    stored: Vec<u8>,
    decompressor: Decompressor,
}

/// The fields of a basket after its key.
struct Fields {
    n_entries: usize,
    /// Offset of the end of the data, key included.
    last: usize,
    /// The parts that follow in the tree itself.
    flag: u8,
}

impl Fields {
    fn parse(cursor: &mut Cursor<'_>) -> Outcome<Self> {
        let at = cursor.pos() as u64;
        let version = cursor.i16()?;
        if !(2..=3).contains(&version) {
            return Err(Fault::unsupported(format!(
                "TBasket version {version}; 2 and 3 are known"
            ))
            .at(at));
        }
        cursor.skip(4)?; // size of the buffer
        // Negative if features of ROOT 6.12 and later follow.
        if cursor.i32()? < 0 {
            cursor.skip(1)?;
        }
        let n_entries = cursor.count("the number of entries in a basket")?;
        let last = cursor.count("the length of a basket")?;
        Ok(Self { n_entries, last, flag: cursor.u8()? })
    }
}

impl Basket {
    /// Replaces this basket with one on disk.
    pub(crate) fn read(
        &mut self,
        file: &FileBytes,
        place: &BasketPlace,
        buffers: &mut BasketBuffers,
    ) -> Outcome<()> {
        let stored = &mut buffers.stored;
        let most = MAX_BASKET_BYTES + MAX_KEY_BYTES;
        if place.n_bytes > most {
            return Err(Fault::limit("bytes of a basket", place.n_bytes as u64, most as u64));
        }
        file.read(place.seek, place.n_bytes, stored)?;
        let in_file = |fault: Fault| {
            let offset = Some(place.seek.saturating_add(fault.offset.unwrap_or(0)));
            Fault { offset, ..fault }
        };
        let mut cursor = Cursor::new(stored);
        let key = Key::parse(&mut cursor).map_err(in_file)?;
        let fields = Fields::parse(&mut cursor).map_err(in_file)?;
        if key.class != "TBasket" || key.seek != place.seek || key.n_bytes != place.n_bytes {
            let message = format!(
                "{} of {} bytes at {}, but the branch has a basket of {} bytes here",
                key.class, key.n_bytes, key.seek, place.n_bytes
            );
            return Err(in_file(Fault::corrupt(message)));
        }
        if key.object_len > MAX_BASKET_BYTES {
            let limit = MAX_BASKET_BYTES as u64;
            return Err(in_file(Fault::limit("bytes of a basket", key.object_len as u64, limit)));
        }
        let (Some(data_len), Some(body)) =
            (fields.last.checked_sub(key.key_len), stored.get(key.key_len..))
        else {
            let message = format!("a key of {} bytes in a basket of {}", key.key_len, fields.last);
            return Err(in_file(Fault::corrupt(message)));
        };
        if body.len() == key.object_len {
            self.bytes.clear();
            self.bytes.extend_from_slice(body);
        } else {
            buffers
                .decompressor
                .all(body, key.object_len, &mut self.bytes)
                .map_err(|fault| in_file(Fault { offset: None, ..fault }))?;
        }
        self.n_entries = fields.n_entries;
        self.key_len = key.key_len;
        self.data_len = data_len;
        let Some(rest) = self.bytes.get(data_len..) else {
            let message = format!("{data_len} bytes of values claimed of {}", self.bytes.len());
            return Err(in_file(Fault::corrupt(message)));
        };
        let mut cursor = Cursor::new(rest);
        self.offsets = match rest.len() {
            0 => None,
            _ => {
                let len = offsets(&mut cursor, self.n_entries).map_err(in_file)?.len();
                let end = data_len + cursor.pos();
                Some(end - len..end)
            }
        };
        Ok(())
    }

    /// Reads a basket that is stored in the description of the tree. `None` for a basket that was
    /// written separately and has only its header here.
    pub(crate) fn embedded(cursor: &mut Cursor<'_>) -> Outcome<Option<Self>> {
        let key = Key::parse(cursor)?;
        let fields = Fields::parse(cursor)?;
        let Some(data_len) = fields.last.checked_sub(key.key_len) else {
            let message = format!("a key of {} bytes in a basket of {}", key.key_len, fields.last);
            return Err(Fault::corrupt(message).at(cursor.pos() as u64));
        };
        let mut flag = fields.flag;
        let generated = flag >= 80;
        if generated {
            flag -= 80;
        }
        let mut entry_offsets = None;
        if !generated && flag != 0 && flag % 10 != 2 {
            if fields.n_entries > 0 {
                entry_offsets = Some(offsets(cursor, fields.n_entries)?);
            }
            if flag > 40 {
                // Displacements, which only ROOT's own reader of objects needs.
                let n = cursor.count("the number of displacements")?;
                cursor.array(n, 4)?;
            }
        }
        if flag != 1 && flag <= 10 {
            return Ok(None);
        }
        cursor.skip(key.key_len)?;
        let mut bytes = cursor.take(data_len)?.to_vec();
        bytes.extend_from_slice(entry_offsets.unwrap_or_default());
        let offsets = entry_offsets.map(|offsets| data_len..data_len + offsets.len());
        let n_entries = fields.n_entries;
        Ok(Some(Self { n_entries, bytes, data_len, offsets, key_len: key.key_len }))
    }

    /// The bytes of all entries.
    pub(crate) fn data(&self) -> &[u8] {
        &self.bytes[..self.data_len]
    }

    /// The end of each entry in [`Self::data`]: the ends never decrease, and the last one is the
    /// length. False for a basket without offsets.
    pub(crate) fn entry_ends(&self, ends: &mut Vec<usize>) -> Outcome<bool> {
        ends.clear();
        let Some(offsets) = &self.offsets else { return Ok(false) };
        let offsets = &self.bytes[offsets.clone()];
        let mut before = 0;
        for (i, offset) in offsets.as_chunks::<4>().0.iter().enumerate().take(self.n_entries) {
            let offset = i32::from_be_bytes(*offset);
            let start = usize::try_from(offset).ok().and_then(|o| o.checked_sub(self.key_len));
            let fits = |start: &usize| {
                *start <= self.data_len && *start >= before && (i > 0 || *start == 0)
            };
            let Some(start) = start.filter(fits) else {
                let message = format!(
                    "entry {i} of the basket begins at byte {offset}, the one before it at {}, and \
                     the values end at {}",
                    before + self.key_len,
                    self.data_len + self.key_len
                );
                return Err(Fault::corrupt(message));
            };
            if i > 0 {
                ends.push(start);
            }
            before = start;
        }
        if self.n_entries > 0 {
            ends.push(self.data_len);
        }
        if self.n_entries == 0 && self.data_len > 0 {
            let message = format!("{} bytes of values in a basket without entries", self.data_len);
            return Err(Fault::corrupt(message));
        }
        Ok(true)
    }
}

/// The number of offsets and the offsets.
fn offsets<'a>(cursor: &mut Cursor<'a>, n_entries: usize) -> Outcome<&'a [u8]> {
    let at = cursor.pos() as u64;
    let n = cursor.count("the number of entry offsets")?;
    if n < n_entries {
        let message = format!("{n} entry offsets for {n_entries} entries");
        return Err(Fault::corrupt(message).at(at));
    }
    cursor.array(n, 4)
}
