//! Trained models.

use std::ffi::{c_char, c_void};
use std::ptr::null_mut;

use vortex_codec::TrainedModel;

use crate::call::{Slot, bytes, free, give, run, text};
use crate::code::{vortex_code, vortex_error};

/// A trained model, which never changes.
pub struct vortex_model(pub TrainedModel);

/// Opens a .vxm file. *model is to be freed with vortex_model_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_model_open(
    path: *const c_char,
    model: *mut *mut vortex_model,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let mut opened = Slot::new(model, "model", null_mut())?;
            opened.set(give(vortex_model(TrainedModel::open(text(path, "path")?)?)));
            Ok(())
        })
    }
}

/// Takes the bytes of a .vxm file, which are copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_model_from_bytes(
    file: *const c_void,
    n: usize,
    model: *mut *mut vortex_model,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let mut opened = Slot::new(model, "model", null_mut())?;
            opened.set(give(vortex_model(TrainedModel::from_bytes(bytes(file, n, "file")?)?)));
            Ok(())
        })
    }
}

/// Frees a model. Compressors and decompressors that got it keep it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_model_free(model: *mut vortex_model) {
    // SAFETY: the contract of the header.
    unsafe { free(model) }
}
