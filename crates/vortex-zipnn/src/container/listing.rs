//! Lists the contents of a file without decoding it.

use std::io::{Cursor, Read, Seek, SeekFrom};

use super::constants::*;
use super::header::{ChunkHeader, FileHeader};
use super::index::Index;
use super::reader::decode_chunk;
use crate::chunk::Scratch;
use crate::delta::Filter;
use crate::error::{Error, ErrorKind, Result};
use crate::safetensors::{self, TensorEntry};

/// The headers of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Header of the file.
    pub header: FileHeader,
    /// Headers of the chunks, in order.
    pub chunks: Vec<ChunkHeader>,
    /// Bytes before compression.
    pub original_bytes: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
}

/// Reads header, index and chunk headers of a compressed file; payloads are skipped and not checked.
///
/// # Errors
/// Any fault of the parts that are read: see [`ErrorKind`].
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

/// The tensors of the compressed safetensors file of `listing`. It decodes only the first chunks,
/// which hold the header. `None` for other files, and if the header is stored as a difference.
///
/// # Errors
/// Those of reading, and any fault of those chunks.
pub fn tensors(file: impl Read + Seek, listing: &Listing) -> Result<Option<Vec<TensorEntry>>> {
    let mut original = Original {
        file,
        chunks: listing.chunks.iter(),
        at: HEADER_BYTES as u64,
        decoded: Cursor::default(),
        payload: Vec::new(),
        error: None,
    };
    let entries = safetensors::entries(&mut original);
    match (original.error, entries) {
        (Some(error), _) => Err(error),
        (None, Ok(entries)) => Ok(Some(entries)),
        (None, Err(error)) if matches!(error.kind, ErrorKind::Io(_)) => Err(error),
        (None, Err(_)) => Ok(None),
    }
}

/// The original bytes of a file up to the first difference; they are decoded when they are read.
struct Original<'a, F> {
    file: F,
    chunks: std::slice::Iter<'a, ChunkHeader>,
    /// Place of the next chunk.
    at: u64,
    decoded: Cursor<Vec<u8>>,
    payload: Vec<u8>,
    error: Option<Error>,
}

impl<F: Read + Seek> Original<'_, F> {
    fn decode(&mut self, chunk: &ChunkHeader) -> Result<()> {
        let payload_at = self.at + CHUNK_HEADER_BYTES as u64;
        self.file.seek(SeekFrom::Start(payload_at))?;
        self.payload.clear();
        self.file.by_ref().take(chunk.payload_bytes.into()).read_to_end(&mut self.payload)?;
        let mut original = vec![0; chunk.original_bytes as usize];
        decode_chunk(chunk, &self.payload, &[], &mut Scratch::default(), &mut original)
            .map_err(|e| e.context(format_args!("chunk at byte {}", self.at)))?;
        self.at = payload_at + u64::from(chunk.payload_bytes);
        self.decoded = Cursor::new(original);
        Ok(())
    }
}

impl<F: Read + Seek> Read for Original<'_, F> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = self.decoded.read(out)?;
        if n > 0 || out.is_empty() {
            return Ok(n);
        }
        match self.chunks.next() {
            Some(chunk) if chunk.filter == Filter::None => match self.decode(chunk) {
                Ok(()) => self.decoded.read(out),
                Err(error) => {
                    self.error = Some(error);
                    Ok(0)
                }
            },
            _ => Ok(0),
        }
    }
}
