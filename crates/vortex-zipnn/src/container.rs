//! The file: header, chunks, index, footer. `docs/format.md` is its specification.

pub mod constants;
mod fields;
mod header;
mod index;
mod listing;
mod memory;
mod plan;
mod reader;
mod writer;

pub use header::{ChunkHeader, FileHeader};
pub use listing::{Listing, list, tensors};
pub use memory::Codec;
pub use reader::decompress;
pub use writer::{Contents, compress};

/// The result of compressing or decompressing a whole file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Bytes before compression.
    pub original_bytes: u64,
    /// Bytes of the compressed file.
    pub file_bytes: u64,
    /// Number of chunks.
    pub n_chunks: u64,
}
