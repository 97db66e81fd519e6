//! Decompression piece by piece.

use std::ffi::c_void;
use std::io::Read;
use std::ptr::null_mut;

use vortex_codec::coder::container::Reader;

use crate::call::{Slot, free, give, null, run, shared, unique};
use crate::callback::{Input, Returned, vortex_read};
use crate::code::{Failure, vortex_code, vortex_error};
use crate::decompressor::vortex_decompressor;

/// A compressed file that is being read from its start.
pub struct vortex_reader {
    reader: Reader<Input>,
    returned: Returned,
}

/// Begins to read a file, whose bytes come from `read`, which is called with `user` by
/// vortex_reader_read. *reader is to be freed with vortex_reader_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_reader_open(
    decompressor: *const vortex_decompressor,
    read: vortex_read,
    user: *mut c_void,
    reader: *mut *mut vortex_reader,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let mut opened = Slot::new(reader, "reader", null_mut())?;
            let returned = Returned::default();
            let input = Input::new(read, user, returned.clone())?;
            let reader = shared(decompressor, "decompressor")?.0.reader(input);
            opened.set(give(vortex_reader { reader, returned }));
            Ok(())
        })
    }
}

/// Decodes into a buffer until it is full or the file ends. *n is the number of bytes; after a
/// success it is less than `capacity` only at the end of the file, when all of it was checked. After
/// a failure it is the number of sound bytes before it. The bytes of a block are checked before they
/// are returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_reader_read(
    reader: *mut vortex_reader,
    target: *mut c_void,
    capacity: usize,
    n: *mut usize,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let mut n = Slot::new(n, "n", 0)?;
            let vortex_reader { reader, returned } = unique(reader, "reader")?;
            if capacity == 0 {
                return Ok(());
            }
            if target.is_null() {
                return Err(null("target"));
            }
            if capacity > isize::MAX.unsigned_abs() {
                return Err(Failure::argument(format!("target: a capacity of {capacity} bytes")));
            }
            // The caller's memory may be uninitialised, and a slice may not.
            target.cast::<u8>().write_bytes(0, capacity);
            let target = std::slice::from_raw_parts_mut(target.cast::<u8>(), capacity);
            let mut filled = 0;
            while filled < capacity {
                match reader.read(&mut target[filled..]) {
                    Ok(0) => break,
                    Ok(more) => filled += more,
                    Err(error) => {
                        // What was decoded before is sound.
                        n.set(filled);
                        return Err(returned.explain(error));
                    }
                }
            }
            n.set(filled);
            Ok(())
        })
    }
}

/// Frees a reader.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_reader_free(reader: *mut vortex_reader) {
    // SAFETY: the contract of the header.
    unsafe { free(reader) }
}
