//! Decompression: options, and buffers at once.

use std::ffi::c_void;
use std::io::Cursor;

use vortex_codec::coder::container::IndexedReader;
use vortex_codec::{Decompressor, Error, Limits};

use crate::buffer::{Buffer, too_small};
use crate::call::{Slot, bytes, free, give, run, shared, unique};
use crate::code::{Failure, vortex_code, vortex_error};
use crate::model::vortex_model;

/// How to decompress. One decompressor serves any number of files.
pub struct vortex_decompressor(pub Decompressor);

impl vortex_decompressor {
    fn change(&mut self, change: impl FnOnce(Decompressor) -> Decompressor) {
        self.0 = change(std::mem::take(&mut self.0));
    }
}

/// Limits for files that are not trusted, in bytes. 0 leaves a limit as it is without this call: it
/// accepts every file that this library writes.
#[repr(C)]
pub struct vortex_limits {
    /// Longest block. A reader holds about two blocks per thread.
    pub block_bytes: u32,
    /// Longest model that a file may embed.
    pub model_bytes: u32,
    /// Longest description of records.
    pub schema_bytes: u32,
    /// Indexes and descriptions of all parts of a file; for vortex_file and
    /// vortex_decompressed_size.
    pub index_bytes: u64,
}

/// A decompressor with the default options: all cores, models that are embedded in a file, or in
/// the folders of the environment variable VORTEX_MODEL_PATH. To be freed with
/// vortex_decompressor_free.
#[unsafe(no_mangle)]
pub extern "C" fn vortex_decompressor_new() -> *mut vortex_decompressor {
    give(vortex_decompressor(Decompressor::new()))
}

/// Frees a decompressor. Readers and files that were opened with it are not affected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_decompressor_free(decompressor: *mut vortex_decompressor) {
    // SAFETY: the contract of the header.
    unsafe { free(decompressor) }
}

/// The number of threads; 0 is one per core.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_decompressor_set_threads(
    decompressor: *mut vortex_decompressor,
    threads: usize,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            unique(decompressor, "decompressor")?.change(|options| options.threads(threads));
            Ok(())
        })
    }
}

/// A model for files that need it. It replaces the one of an earlier call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_decompressor_set_model(
    decompressor: *mut vortex_decompressor,
    model: *const vortex_model,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let model = shared(model, "model")?.0.clone();
            unique(decompressor, "decompressor")?.change(|options| options.model(model));
            Ok(())
        })
    }
}

/// Limits of the memory that a file may need; a file beyond them fails with VORTEX_LIMIT. Besides,
/// a thread needs up to 256 MiB for a file of level 8, and less for lower levels.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_decompressor_set_limits(
    decompressor: *mut vortex_decompressor,
    limits: *const vortex_limits,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let asked = shared(limits, "limits")?;
            let usual = Limits::default();
            let limits = Limits {
                max_block_bytes: or(asked.block_bytes, usual.max_block_bytes),
                max_model_bytes: or(asked.model_bytes, usual.max_model_bytes),
                max_schema_bytes: or(asked.schema_bytes, usual.max_schema_bytes),
                max_index_bytes: or(asked.index_bytes, usual.max_index_bytes),
            };
            unique(decompressor, "decompressor")?.change(|options| options.limits(limits));
            Ok(())
        })
    }
}

fn or<N: Default + PartialEq>(asked: N, usual: N) -> N {
    if asked == N::default() { usual } else { asked }
}

/// The length of what a whole compressed file in memory decodes to, as its index states it; the
/// blocks are not read. `decompressor` gives the limits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_decompressed_size(
    decompressor: *const vortex_decompressor,
    file: *const c_void,
    n: usize,
    size: *mut u64,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let mut size = Slot::new(size, "size", 0)?;
            let decompressor = shared(decompressor, "decompressor")?;
            size.set(stated(&decompressor.0, bytes(file, n, "file")?)?);
            Ok(())
        })
    }
}

fn stated(decompressor: &Decompressor, file: &[u8]) -> Result<u64, Failure> {
    let reader = IndexedReader::open(Cursor::new(file), decompressor.reader_options());
    reader.map(|reader| reader.len()).map_err(|error| Error::from(error).into())
}

/// Decompresses a whole file in memory into a buffer. *written is the length of the result; after
/// VORTEX_BUFFER_TOO_SMALL it is the capacity that is needed, as the index of the file states it. A
/// file whose index is damaged, or that has more bytes than its index states, fails with the code
/// of that, whatever the capacity. After a failure the contents of the buffer mean nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_decompress(
    decompressor: *const vortex_decompressor,
    file: *const c_void,
    n: usize,
    target: *mut c_void,
    capacity: usize,
    written: *mut usize,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let mut written = Slot::new(written, "written", 0)?;
            let decompressor = &shared(decompressor, "decompressor")?.0;
            let file = bytes(file, n, "file")?;
            let mut target = Buffer::new(target, capacity, "target")?;
            target.stop_when_full();
            let done = decompressor.decompress(file, &mut target);
            if target.overflowed() {
                let needed = stated(decompressor, file)?;
                if needed <= capacity as u64 {
                    let message = format!("has more bytes than the {needed} that its index states");
                    return Err(Failure::new(vortex_code::VORTEX_DAMAGED, message));
                }
                written.set(usize::try_from(needed).unwrap_or(0));
                return Err(too_small(needed, capacity));
            }
            done?;
            written.set(target.len()?);
            Ok(())
        })
    }
}
