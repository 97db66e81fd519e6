//! The file's header and its directories: the objects and their places.

use std::collections::HashSet;

use crate::bytes::FileBytes;
use crate::cursor::Cursor;
use crate::error::{Fault, Outcome};
use crate::key::Key;
use crate::limits::{
    MAX_DIRECTORIES, MAX_DIRECTORY_DEPTH, MAX_KEY_LIST_BYTES, MAX_OBJECTS, MAX_PATH_BYTES,
};

/// Longest header of a file or a directory, with a margin.
const HEADER_BYTES: usize = 512;

/// The header of a file.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    /// Place of the key of the streamer information; 0 without one.
    pub(crate) seek_info: u64,
    /// Place of the first directory.
    top: u64,
}

/// An object, and its path with the directory.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) key: Key,
}

/// All directories of a file.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Every object that is not a directory, in the order of the file.
    pub(crate) objects: Vec<Entry>,
    /// Paths of directories that cannot be read, with the reasons.
    pub(crate) broken: Vec<(String, Fault)>,
}

impl Header {
    pub(crate) fn read(file: &FileBytes) -> Outcome<Self> {
        let mut bytes = Vec::new();
        file.read_up_to(0, HEADER_BYTES, &mut bytes)?;
        let mut cursor = Cursor::new(&bytes);
        if cursor.take(4).ok() != Some(b"root") {
            return Err(Fault::corrupt("not a ROOT file: it does not begin with \"root\"").at(0));
        }
        let version = cursor.i32()?;
        let begin = cursor.count("the place of the first record")? as u64;
        // Files above 2 GB have 64-bit places, which a version above one million marks.
        let wide = version >= 1_000_000;
        let end = place(&mut cursor, wide)?;
        place(&mut cursor, wide)?; // free segments
        cursor.skip(8)?; // their bytes and number
        let n_bytes_name = cursor.count("the length of the file's name")? as u64;
        cursor.skip(5)?; // units and compression
        let seek_info = place(&mut cursor, wide)?;
        if end > file.len() {
            let message = format!(
                "the file says that it has {end} bytes, but there are {}: it is truncated",
                file.len()
            );
            return Err(Fault::corrupt(message).at(12));
        }
        Ok(Self { seek_info, top: begin.saturating_add(n_bytes_name) })
    }

    /// Walks all directories from the first one.
    pub(crate) fn listing(&self, file: &FileBytes) -> Outcome<Listing> {
        let Listing { mut objects, mut broken } = Listing::default();
        let mut seen = HashSet::new();
        let (mut list_bytes, mut path_bytes) = (0u64, 0usize);
        // Path, place and depth of directories still to be read; the last is the next.
        let mut open = vec![(String::new(), self.top, 0)];
        while let Some((path, seek, depth)) = open.pop() {
            if !seen.insert(seek) {
                let fault = Fault::corrupt("a directory that contains itself").at(seek);
                broken.push((path, fault));
                continue;
            }
            let keys = match keys_of(file, seek, &mut list_bytes) {
                Ok(keys) => keys,
                // Without the first directory there is nothing to list.
                Err(fault) if depth == 0 => return Err(fault),
                Err(fault) => {
                    broken.push((path, fault));
                    continue;
                }
            };
            let mut inner = Vec::new();
            for key in keys {
                let path =
                    if path.is_empty() { key.name.clone() } else { format!("{path}/{}", key.name) };
                path_bytes += path.len();
                if path_bytes > MAX_PATH_BYTES {
                    let limit = MAX_PATH_BYTES as u64;
                    return Err(Fault::limit("bytes of paths", path_bytes as u64, limit));
                }
                if !matches!(key.class.as_str(), "TDirectory" | "TDirectoryFile") {
                    objects.push(Entry { path, key });
                } else if depth + 1 > MAX_DIRECTORY_DEPTH {
                    let limit = MAX_DIRECTORY_DEPTH as u64;
                    let fault = Fault::limit("depth of directories", depth as u64 + 1, limit);
                    broken.push((path, fault));
                } else {
                    let seek = key.seek.saturating_add(key.key_len as u64);
                    inner.push((path, seek, depth + 1));
                }
            }
            open.extend(inner.into_iter().rev());
            if objects.len() > MAX_OBJECTS {
                return Err(Fault::limit("objects", objects.len() as u64, MAX_OBJECTS as u64));
            }
            if seen.len() + open.len() > MAX_DIRECTORIES {
                let n = (seen.len() + open.len()) as u64;
                return Err(Fault::limit("directories", n, MAX_DIRECTORIES as u64));
            }
        }
        Ok(Listing { objects, broken })
    }
}

fn place(cursor: &mut Cursor<'_>, wide: bool) -> Outcome<u64> {
    let at = cursor.pos() as u64;
    let place = if wide { cursor.i64()? } else { i64::from(cursor.i32()?) };
    u64::try_from(place)
        .map_err(|_| Fault::corrupt(format!("a place of {place}, below zero")).at(at))
}

/// The keys of the directory with its record at `seek`. `list_bytes` is the total length of the
/// lists of all directories, which never share bytes.
fn keys_of(file: &FileBytes, seek: u64, list_bytes: &mut u64) -> Outcome<Vec<Key>> {
    let mut bytes = Vec::new();
    file.read_up_to(seek, HEADER_BYTES, &mut bytes)?;
    let mut cursor = Cursor::new(&bytes);
    let here = |fault: Fault| Fault { offset: Some(seek), ..fault };
    let version = cursor.i16().map_err(here)?;
    cursor.skip(8).map_err(here)?; // dates
    let n_bytes = cursor.count("the length of a list of keys").map_err(here)?;
    cursor.skip(4).map_err(here)?; // length of the name
    let wide = version > 1000;
    place(&mut cursor, wide).map_err(here)?; // this directory
    place(&mut cursor, wide).map_err(here)?; // the one above
    let seek_keys = place(&mut cursor, wide).map_err(here)?;
    if seek_keys == 0 || n_bytes == 0 {
        // Closed without its keys, or empty.
        return Ok(Vec::new());
    }
    if n_bytes > MAX_KEY_LIST_BYTES {
        let limit = MAX_KEY_LIST_BYTES as u64;
        return Err(Fault::limit("bytes of a list of keys", n_bytes as u64, limit).at(seek));
    }
    *list_bytes += n_bytes as u64;
    if *list_bytes > file.len() {
        let message = format!("{list_bytes} bytes of lists of keys in a file of {}", file.len());
        return Err(Fault::corrupt(message).at(seek));
    }
    file.read(seek_keys, n_bytes, &mut bytes)?;
    let mut cursor = Cursor::new(&bytes);
    let keys = list(&mut cursor);
    keys.map_err(|fault| {
        let offset = fault.offset.map(|offset| seek_keys.saturating_add(offset));
        Fault { offset, ..fault }
    })
}

fn list(cursor: &mut Cursor<'_>) -> Outcome<Vec<Key>> {
    let own = Key::parse(cursor)?;
    cursor.forward_to(own.key_len)?;
    let n = cursor.count("the number of keys")?;
    if n > cursor.remaining() / 26 {
        let message = format!("{n} keys in {} bytes", cursor.remaining());
        return Err(Fault::corrupt(message).at(cursor.pos() as u64));
    }
    if n > MAX_OBJECTS {
        return Err(Fault::limit("keys of a directory", n as u64, MAX_OBJECTS as u64));
    }
    (0..n).map(|_| Key::parse(cursor)).collect()
}
