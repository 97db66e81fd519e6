//! The file header and the header of a chunk.

use super::constants::*;
use super::fields::{Filled, checked};
use crate::chunk::{Layout, Shape};
use crate::delta::Filter;
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};

/// The first bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileHeader {
    /// Length and BLAKE3 of the base checkpoint, for files that hold differences.
    pub base: Option<(u64, [u8; 32])>,
    /// Longest chunk before compression.
    pub chunk_bytes: u32,
}

impl FileHeader {
    pub(super) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut out = Filled::new();
        out.put(0, &MAGIC).put(8, &[VERSION]).put(12, &self.chunk_bytes.to_le_bytes());
        if let Some((bytes, digest)) = self.base {
            out.put(9, &[FLAG_BASE]).put(16, &bytes.to_le_bytes()).put(24, &digest);
        }
        out.seal(60)
    }

    /// Reads the first [`HEADER_BYTES`] of a file.
    ///
    /// # Errors
    /// [`ErrorKind::NotWeights`] without the magic, then [`ErrorKind::Truncated`],
    /// [`ErrorKind::UnsupportedVersion`], [`ErrorKind::ChecksumMismatch`] and [`ErrorKind::Corrupt`].
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        if !bytes.starts_with(&MAGIC) {
            return Err(Error::new(
                ErrorKind::NotWeights,
                "is not a file of compressed weights: it does not begin like one",
            ));
        }
        if bytes.len() < HEADER_BYTES {
            return Err(Error::new(
                ErrorKind::Truncated,
                format!("ends after {} of the {HEADER_BYTES} bytes of its header", bytes.len()),
            ));
        }
        if bytes[8] != VERSION {
            return Err(Error::new(
                ErrorKind::UnsupportedVersion,
                format!(
                    "has format version {}, but version {VERSION} is read here; decompress it with the \
                     program that wrote it",
                    bytes[8]
                ),
            ));
        }
        let fields = checked(&bytes[..HEADER_BYTES], 60, "the file header", 0)?;
        let flags = fields.u8(9);
        if flags & !FLAG_BASE != 0 || fields.array::<2>(10) != [0; 2] || fields.u32(56) != 0 {
            return Err(Error::new(
                ErrorKind::UnsupportedVersion,
                format!("flags {flags:#04x}, or reserved bytes in use, that are not known here"),
            ));
        }
        let chunk_bytes = fields.u32(12);
        if chunk_bytes == 0 || chunk_bytes as usize > MAX_ORIGINAL_BYTES {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("chunks of {chunk_bytes} bytes; at most {MAX_ORIGINAL_BYTES} are allowed"),
            ));
        }
        let base = (fields.u64(16), fields.array::<32>(24));
        if flags & FLAG_BASE == 0 && base != (0, [0; 32]) {
            return Err(Error::corrupt("a base checkpoint in a file whose flags do not use one"));
        }
        Ok(Self { base: (flags & FLAG_BASE != 0).then_some(base), chunk_bytes })
    }
}

/// The header before the payload of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkHeader {
    /// Type of the values.
    pub dtype: DType,
    /// How they are laid out.
    pub layout: Layout,
    /// The filter that was applied to them first.
    pub filter: Filter,
    /// Values per row if the values are stored column by column, otherwise 0.
    pub row: u32,
    /// Bytes before compression.
    pub original_bytes: u32,
    /// Bytes of the payload.
    pub payload_bytes: u32,
    /// Where the same bytes begin in the base; 0 without a filter.
    pub base_offset: u64,
    /// CRC32 of the bytes before compression.
    pub original_crc: u32,
    /// CRC32 of the payload.
    pub payload_crc: u32,
}

impl ChunkHeader {
    pub(super) fn to_bytes(self) -> [u8; CHUNK_HEADER_BYTES] {
        Filled::new()
            .put(0, &[CHUNK_TAG, self.dtype as u8, self.layout as u8, self.filter as u8])
            .put(4, &self.original_bytes.to_le_bytes())
            .put(8, &self.payload_bytes.to_le_bytes())
            .put(12, &self.row.to_le_bytes())
            .put(16, &self.base_offset.to_le_bytes())
            .put(24, &self.original_crc.to_le_bytes())
            .put(28, &self.payload_crc.to_le_bytes())
            .seal(32)
    }

    /// Reads a chunk header at byte `at` of a file.
    pub(super) fn parse(
        bytes: &[u8; CHUNK_HEADER_BYTES],
        file: &FileHeader,
        at: u64,
    ) -> Result<Self> {
        let fields = checked(bytes, 32, "the chunk header", at)?;
        let unknown = |what: &str, code: u8| {
            Error::new(
                ErrorKind::UnsupportedVersion,
                format!("chunk at byte {at}: {what} {code} is not known here"),
            )
        };
        let [_, dtype, layout, filter] = fields.array(0);
        let header = Self {
            dtype: DType::from_code(dtype).ok_or_else(|| unknown("type", dtype))?,
            layout: *Layout::ALL
                .get(usize::from(layout))
                .ok_or_else(|| unknown("layout", layout))?,
            filter: *Filter::ALL
                .get(usize::from(filter))
                .ok_or_else(|| unknown("filter", filter))?,
            original_bytes: fields.u32(4),
            payload_bytes: fields.u32(8),
            row: fields.u32(12),
            base_offset: fields.u64(16),
            original_crc: fields.u32(24),
            payload_crc: fields.u32(28),
        };
        header.check(file).map_err(|e| e.context(format_args!("chunk at byte {at}")))?;
        Ok(header)
    }

    fn check(&self, file: &FileHeader) -> Result<()> {
        let Self { original_bytes, payload_bytes, row, .. } = *self;
        if original_bytes == 0 || original_bytes > file.chunk_bytes {
            return Err(Error::corrupt(format!(
                "{original_bytes} bytes, but chunks have 1 to {}",
                file.chunk_bytes
            )));
        }
        if payload_bytes > original_bytes {
            return Err(Error::corrupt(format!(
                "a payload of {payload_bytes} bytes for {original_bytes}"
            )));
        }
        if row > original_bytes || row > 0 && self.layout != Layout::Repeats {
            return Err(Error::corrupt(format!("rows of {row} values in {original_bytes} bytes")));
        }
        if self.filter == Filter::None {
            return match self.base_offset {
                0 => Ok(()),
                _ => Err(Error::corrupt("an offset in a base that is not used")),
            };
        }
        let Some((base_bytes, _)) = file.base else {
            return Err(Error::corrupt("a difference in a file without a base"));
        };
        if self.layout != Layout::Planes {
            return Err(Error::corrupt("a difference in another layout than planes"));
        }
        match self.base_offset.checked_add(original_bytes.into()) {
            Some(end) if end <= base_bytes => Ok(()),
            _ => Err(Error::corrupt(format!(
                "the difference from byte {} of a base of {base_bytes} bytes",
                self.base_offset
            ))),
        }
    }

    pub(super) fn shape(&self) -> Shape {
        let Self { dtype, layout, filter, row, .. } = *self;
        Shape { dtype, layout, filter, row: row as usize }
    }
}
