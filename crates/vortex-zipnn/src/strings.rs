//! The dictionary coder for parts with repeated strings. Its state is kept for each thread, because
//! creating it takes longer than coding a short part.

use std::cell::RefCell;
use std::io;

use zstd::bulk::{Compressor, Decompressor};

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// `bytes` as one zstd frame, which stores their length.
pub(crate) fn compress(bytes: &[u8], effort: i32) -> io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some(compressor) => {
                compressor.set_compression_level(effort)?;
                compressor
            }
            None => kept.insert(Compressor::new(effort)?),
        };
        compressor.compress(bytes)
    })
}

/// Decompresses one frame to the start of `out` and returns the length.
pub(crate) fn decompress(frame: &[u8], out: &mut [u8]) -> io::Result<usize> {
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept {
            Some(decompressor) => decompressor,
            None => kept.insert(Decompressor::new()?),
        };
        decompressor.decompress_to_buffer(frame, out)
    })
}
