//! zstd frames of known length.

use zstd::bulk::Decompressor;
use zstd::zstd_safe::find_frame_compressed_size;

use crate::error::{Error, Result};

/// The bytes of exactly one zstd frame, exactly `len` of them.
///
/// # Errors
/// `Corrupt` when `frame` is no frame, more than one, or holds another number of bytes.
pub(crate) fn expand(
    decompressor: &mut Decompressor<'_>,
    frame: &[u8],
    len: usize,
) -> Result<Vec<u8>> {
    match find_frame_compressed_size(frame) {
        Ok(size) if size == frame.len() => {}
        _ => return Err(Error::corrupt(format!("{} bytes are no zstd frame", frame.len()))),
    }
    // Straight into a buffer of the right size: the frame cannot ask for a window of its own.
    let mut out = Vec::with_capacity(len);
    match decompressor.decompress_to_buffer(frame, &mut out) {
        Ok(found) if found == len => Ok(out),
        Ok(found) => {
            Err(Error::corrupt(format!("zstd frame of {found} bytes, {len} are announced")))
        }
        Err(error) => Err(Error::corrupt(format!("zstd frame of {len} bytes: {error}"))),
    }
}
