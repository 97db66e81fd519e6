//! `TKey`: the header before every object of a file.

use crate::blocks::Decompressor;
use crate::bytes::FileBytes;
use crate::cursor::Cursor;
use crate::error::{Fault, Outcome};
use crate::limits::{MAX_KEY_BYTES, MAX_OBJECT_BYTES};

/// Names and place of one object.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// Bytes on disk, key included.
    pub(crate) n_bytes: usize,
    /// Uncompressed bytes of the object.
    pub(crate) object_len: usize,
    /// Bytes of the key itself.
    pub(crate) key_len: usize,
    pub(crate) cycle: i16,
    /// Place of the key in the file; the object follows it.
    pub(crate) seek: u64,
    pub(crate) class: String,
    pub(crate) name: String,
}

impl Key {
    /// Reads the fields of a key; the key of a basket has more fields after them.
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Outcome<Self> {
        let at = cursor.pos() as u64;
        let n_bytes = cursor.i32()?;
        if n_bytes < 0 {
            return Err(Fault::corrupt("a key of deleted bytes where an object is wanted").at(at));
        }
        let version = cursor.i16()?;
        let object_len = cursor.count("the length of an object")?;
        cursor.u32()?; // date and time
        let key_len = usize::try_from(cursor.i16()?)
            .map_err(|_| Fault::corrupt("the length of a key is below zero").at(at))?;
        let cycle = cursor.i16()?;
        // Versions above 1000 have 64-bit places.
        let seek = if version > 1000 {
            let seek = cursor.i64()?;
            cursor.i64()?; // the directory
            u64::try_from(seek).ok()
        } else {
            let seek = cursor.i32()?;
            cursor.i32()?;
            u64::try_from(seek).ok()
        };
        let seek = seek.ok_or_else(|| Fault::corrupt("an object's place is below zero").at(at))?;
        let class = cursor.string()?;
        let name = cursor.string()?;
        cursor.string()?; // title
        Ok(Self { n_bytes: n_bytes as usize, object_len, key_len, cycle, seek, class, name })
    }

    /// Reads the key at `offset`.
    pub(crate) fn read(file: &FileBytes, offset: u64) -> Outcome<Self> {
        let mut bytes = Vec::new();
        file.read_up_to(offset, MAX_KEY_BYTES, &mut bytes)?;
        let mut cursor = Cursor::new(&bytes);
        let key = Self::parse(&mut cursor).map_err(|fault| fault.at(offset))?;
        if key.n_bytes < key.key_len || key.key_len < cursor.pos() {
            let message = format!(
                "a key of {} bytes says {} and an object with it of {}",
                cursor.pos(),
                key.key_len,
                key.n_bytes
            );
            return Err(Fault::corrupt(message).at(offset));
        }
        Ok(key)
    }

    /// The object's bytes without the key, uncompressed.
    pub(crate) fn object(&self, file: &FileBytes) -> Outcome<Vec<u8>> {
        let stored = self.n_bytes.checked_sub(self.key_len);
        let stored = stored.ok_or_else(|| Fault::corrupt("an object shorter than its key"))?;
        let largest = self.object_len.max(stored);
        if largest > MAX_OBJECT_BYTES {
            let limit = MAX_OBJECT_BYTES as u64;
            return Err(Fault::limit("bytes of an object", largest as u64, limit));
        }
        let mut bytes = Vec::new();
        let start = self.seek.saturating_add(self.key_len as u64);
        file.read(start, stored, &mut bytes)?;
        if stored == self.object_len {
            return Ok(bytes);
        }
        let mut object = Vec::new();
        Decompressor::default().all(&bytes, self.object_len, &mut object)?;
        Ok(object)
    }
}
