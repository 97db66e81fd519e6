//! Compression piece by piece.

use std::ffi::c_void;
use std::io::Write;
use std::ptr::null_mut;

use vortex_codec::Writer;

use crate::call::{Slot, bytes, free, give, run, shared, unique};
use crate::callback::{Output, Returned, vortex_write};
use crate::code::{Failure, vortex_code, vortex_error};
use crate::compressor::vortex_compressor;

/// A compressed file that is being written.
pub struct vortex_writer {
    /// `None` after the end.
    writer: Option<Writer<Output>>,
    returned: Returned,
}

/// Sizes of a complete file.
#[repr(C)]
pub struct vortex_sizes {
    /// Bytes that were compressed.
    pub original: u64,
    /// Bytes of the file.
    pub compressed: u64,
}

/// Begins a file with the options that the compressor has now. Its bytes go to `write`, which is
/// called with `user` by vortex_writer_write and vortex_writer_finish. *writer is to be freed with
/// vortex_writer_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_writer_open(
    compressor: *const vortex_compressor,
    write: vortex_write,
    user: *mut c_void,
    writer: *mut *mut vortex_writer,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let mut opened = Slot::new(writer, "writer", null_mut())?;
            let returned = Returned::default();
            let output = Output::new(write, user, returned.clone())?;
            let writer = shared(compressor, "compressor")?.compressor.writer(output);
            opened.set(give(vortex_writer { writer: Some(writer), returned }));
            Ok(())
        })
    }
}

/// Compresses `n` more bytes. It may keep them, and later write many blocks at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_writer_write(
    writer: *mut vortex_writer,
    source: *const c_void,
    n: usize,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let vortex_writer { writer, returned } = unique(writer, "writer")?;
            let source = bytes(source, n, "source")?;
            let writer = writer.as_mut().ok_or_else(|| returned.explain(ended()))?;
            writer.write_all(source).map_err(|error| returned.explain(error))
        })
    }
}

/// Ends the file; without this call it is not complete. Nothing can be written afterwards, also if
/// the call failed: the file must then be started again with another writer. `sizes` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_writer_finish(
    writer: *mut vortex_writer,
    sizes: *mut vortex_sizes,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let empty = vortex_sizes { original: 0, compressed: 0 };
            let slot = match sizes.is_null() {
                true => None,
                false => Some(Slot::new(sizes, "sizes", empty)?),
            };
            let vortex_writer { writer, returned } = unique(writer, "writer")?;
            let writer = writer.take().ok_or_else(|| returned.explain(ended()))?;
            let (_, sum) = writer.finish().map_err(|error| returned.explain(error))?;
            if let Some(mut slot) = slot {
                let (original, compressed) = (sum.original_bytes, sum.compressed_bytes);
                slot.set(vortex_sizes { original, compressed });
            }
            Ok(())
        })
    }
}

fn ended() -> Failure {
    Failure::argument("this writer has ended; if it failed, start a new file")
}

/// Frees a writer, finished or not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_writer_free(writer: *mut vortex_writer) {
    // SAFETY: the contract of the header.
    unsafe { free(writer) }
}
