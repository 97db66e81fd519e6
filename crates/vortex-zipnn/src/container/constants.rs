//! Every width, marker and limit of the format.

/// First bytes of a file. The high bit catches 7-bit channels, CR LF and LF catch text-mode conversions.
pub const MAGIC: [u8; 8] = *b"\x9EVXW\r\n\x1A\n";
/// Last bytes of a file.
pub const END_MAGIC: [u8; 8] = *b"\x9EVXZ\r\n\x1A\n";
/// The version written, and the only one read: no files of version 1 were published.
pub const VERSION: u8 = 2;

/// Bytes of the file header, its CRC included.
pub const HEADER_BYTES: usize = 64;
/// Header flag: differences from a base checkpoint occur.
pub const FLAG_BASE: u8 = 1;

/// First byte of a chunk header.
pub const CHUNK_TAG: u8 = 0xC1;
/// Bytes of a chunk header, its CRC included.
pub const CHUNK_HEADER_BYTES: usize = 36;
/// Longest chunk before compression, which is also the longest allowed setting.
pub const MAX_ORIGINAL_BYTES: usize = crate::MAX_CHUNK_BYTES;

/// First byte of an index.
pub const INDEX_TAG: u8 = 0xE3;
/// Bytes before the first entry of an index, their CRC included.
pub const INDEX_HEADER_BYTES: usize = 16;
/// Bytes of one index entry.
pub const INDEX_ENTRY_BYTES: usize = 8;
/// Bytes of a footer, its end magic included.
pub const FOOTER_BYTES: usize = 72;

/// Bytes of a chunk besides its payload.
pub const CHUNK_OVERHEAD_BYTES: usize = CHUNK_HEADER_BYTES + INDEX_ENTRY_BYTES;
/// Bytes of a file besides its chunks.
pub const FILE_OVERHEAD_BYTES: usize = HEADER_BYTES + INDEX_HEADER_BYTES + FOOTER_BYTES;
