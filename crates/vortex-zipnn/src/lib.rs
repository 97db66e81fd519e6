#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub use base::{Base, ReadSeek};
pub use chunk::Layout;
pub use container::{
    ChunkHeader, Codec, Contents, FileHeader, Listing, Summary, compress, decompress, list, tensors,
};
pub use delta::Filter;
pub use dtype::DType;
pub use error::{Error, ErrorKind, Result};
pub use options::{DEFAULT_CHUNK_BYTES, Level, MAX_CHUNK_BYTES, MIN_CHUNK_BYTES, Options};
pub use part::Method;
pub use safetensors::TensorEntry;
pub use tensor::{compress_tensor, compress_tensor_with, decompress_tensor};

mod base;
mod bits;
mod chunk;
pub mod container;
mod delta;
mod dtype;
mod error;
mod huffman;
#[cfg(test)]
mod noise;
mod options;
mod part;
mod planes;
mod repeats;
mod repetition;
mod safetensors;
mod strings;
mod tensor;
mod threads;
mod transpose;
