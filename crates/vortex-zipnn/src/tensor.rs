//! Compression of one tensor to a file in memory, and decompression.

use crate::container::{Codec, Contents};
use crate::dtype::DType;
use crate::error::Result;
use crate::options::Options;

/// Compresses the little-endian values of a tensor on the caller's thread. Any length is allowed:
/// bytes after the last whole value are kept. The result is a complete file (`docs/format.md`).
///
/// # Errors
/// None in practice: writing to memory does not fail.
pub fn compress_tensor(bytes: &[u8], dtype: DType) -> Result<Vec<u8>> {
    compress_tensor_with(bytes, dtype, &Options { threads: 1, ..Options::default() })
}

/// As [`compress_tensor`], with options.
///
/// # Errors
/// [`crate::ErrorKind::InvalidArgument`] for options that are not possible.
pub fn compress_tensor_with(bytes: &[u8], dtype: DType, options: &Options) -> Result<Vec<u8>> {
    Codec::new(*options)?.compress(bytes, Contents::Raw(dtype), None)
}

/// Decompresses the output of [`compress_tensor`].
///
/// # Errors
/// Any fault of `packed`; see [`crate::ErrorKind`].
pub fn decompress_tensor(packed: &[u8]) -> Result<Vec<u8>> {
    Codec::new(Options { threads: 1, ..Options::default() })?.decompress(packed, None)
}
