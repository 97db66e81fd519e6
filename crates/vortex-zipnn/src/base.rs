//! The base checkpoint of differences.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::safetensors::{self, Segment};

/// A source of base bytes with random access.
pub trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// A base checkpoint, identified by its length and the BLAKE3 digest of its bytes.
pub struct Base<'a> {
    source: Box<dyn ReadSeek + 'a>,
    /// Length in bytes.
    pub(crate) bytes: u64,
    /// BLAKE3 of all bytes.
    pub(crate) digest: [u8; 32],
}

impl std::fmt::Debug for Base<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Base").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl<'a> Base<'a> {
    /// Reads all of `source` once, for its digest.
    ///
    /// # Errors
    /// Those of reading.
    pub fn open(source: impl Read + Seek + Send + 'a) -> Result<Self> {
        let mut source: Box<dyn ReadSeek + 'a> = Box::new(source);
        source.seek(SeekFrom::Start(0))?;
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; 1 << 20];
        let mut bytes = 0;
        loop {
            let n = match source.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e.into()),
            };
            hasher.update(&buffer[..n]);
            bytes += n as u64;
        }
        Ok(Self { source, bytes, digest: *hasher.finalize().as_bytes() })
    }

    /// Replaces `out` by `n` bytes from `offset` on.
    pub(crate) fn read_at(&mut self, offset: u64, n: usize, out: &mut Vec<u8>) -> Result<()> {
        self.source.seek(SeekFrom::Start(offset))?;
        out.clear();
        out.resize(n, 0);
        self.source
            .read_exact(out)
            .map_err(|e| Error::from(e).context(format_args!("base checkpoint at byte {offset}")))
    }

    /// The places of the tensors, if the base is a safetensors file.
    pub(crate) fn tensors(&mut self) -> Result<BaseTensors> {
        self.source.seek(SeekFrom::Start(0))?;
        let header =
            safetensors::read_header(&mut self.source).map_err(|e| e.context("base checkpoint"))?;
        let mut offset = header.bytes.len() as u64;
        let mut places = HashMap::new();
        for segment in header.segments {
            let Segment { name, dtype, bytes, .. } = segment;
            if let (Some(name), Some(bytes)) = (name, bytes) {
                if offset.checked_add(bytes).is_some_and(|end| end <= self.bytes) {
                    places.insert((name, dtype, bytes), offset);
                }
                offset = offset.saturating_add(bytes);
            } else {
                offset = offset.saturating_add(bytes.unwrap_or(0));
            }
        }
        Ok(BaseTensors(places))
    }
}

/// Offsets of tensors by name, type and length.
pub(crate) struct BaseTensors(HashMap<(String, DType, u64), u64>);

impl BaseTensors {
    /// The place of the tensor with the same name, type and length.
    pub(crate) fn place(&self, segment: &Segment) -> Option<u64> {
        let key = (segment.name.clone()?, segment.dtype, segment.bytes?);
        self.0.get(&key).copied()
    }
}
