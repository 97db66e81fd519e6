//! What a file holds, without decoding it.

use std::io::{Read, Seek, SeekFrom};

use super::constants::*;
use super::header::{ChunkHeader, FileHeader};
use super::index::Index;
use crate::error::{Error, ErrorKind, Result};

/// The headers of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Of the file.
    pub header: FileHeader,
    /// Of each chunk, in order.
    pub chunks: Vec<ChunkHeader>,
    /// Bytes before compression.
    pub original_bytes: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
}

/// Reads header, index and chunk headers of a compressed file; payloads are skipped and not checked.
///
/// # Errors
/// Whatever is wrong with what is read: see [`ErrorKind`].
pub fn list(mut file: impl Read + Seek) -> Result<Listing> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut bytes)?;
    let header = FileHeader::parse(&bytes)?;
    let file_bytes = file.seek(SeekFrom::End(0))?;
    let mut chunks = Vec::new();
    let mut index = Index::new();
    let cut = |at: u64| {
        Error::new(ErrorKind::Truncated, format!("ends at byte {file_bytes}, before byte {at}"))
    };
    loop {
        let at = index.offset;
        file.seek(SeekFrom::Start(at))?;
        bytes.clear();
        file.by_ref().take(CHUNK_HEADER_BYTES as u64).read_to_end(&mut bytes)?;
        if bytes.len() < CHUNK_HEADER_BYTES {
            return Err(cut(at + CHUNK_HEADER_BYTES as u64));
        }
        if bytes[0] != CHUNK_TAG {
            break;
        }
        let bytes: [u8; CHUNK_HEADER_BYTES] = std::array::from_fn(|i| bytes[i]);
        let chunk = ChunkHeader::parse(&bytes, &header, at)?;
        let stored = CHUNK_HEADER_BYTES as u32 + chunk.payload_bytes;
        index.push_header(&bytes, chunk.original_bytes, stored);
        chunks.push(chunk);
    }
    let head: [u8; INDEX_HEADER_BYTES] = std::array::from_fn(|i| bytes[i]);
    Index::parse_head(&head, index.offset)?;
    let end = index.file_bytes();
    if file_bytes < end {
        return Err(cut(end));
    }
    if file_bytes > end {
        return Err(Error::trailing_data(end));
    }
    file.seek(SeekFrom::Start(index.offset + INDEX_HEADER_BYTES as u64))?;
    bytes.clear();
    file.read_to_end(&mut bytes)?;
    index.check(&head, &bytes)?;
    Ok(Listing { header, chunks, original_bytes: index.original_bytes, file_bytes })
}
