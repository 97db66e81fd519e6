//! zstd frames of known length.

use zstd::bulk::Decompressor;
use zstd::zstd_safe::find_frame_compressed_size;

use crate::error::{Error, Result};

/// Decompresses exactly one zstd frame to exactly `len` bytes.
///
/// # Errors
/// `Corrupt` if `frame` is not exactly one frame, or holds another number of bytes.
pub(crate) fn expand(
    decompressor: &mut Decompressor<'_>,
    frame: &[u8],
    len: usize,
) -> Result<Vec<u8>> {
    match find_frame_compressed_size(frame) {
        Ok(size) if size == frame.len() => {}
        _ => return Err(Error::corrupt(format!("{} bytes are not a zstd frame", frame.len()))),
    }
    // Decompress directly into a buffer of the right size, so the frame cannot request its own
    // window.
    let mut out = Vec::with_capacity(len);
    match decompressor.decompress_to_buffer(frame, &mut out) {
        Ok(found) if found == len => Ok(out),
        Ok(found) => Err(Error::corrupt(format!("zstd frame of {found} bytes instead of {len}"))),
        Err(error) => Err(Error::corrupt(format!("zstd frame of {len} bytes: {error}"))),
    }
}
