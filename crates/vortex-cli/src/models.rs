//! The model of the command line: the file of `-m`, and the device that runs it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vortex_codec::{Decompressor, Device, Models, Result};

use crate::arguments::Common;

/// The models of a command on the CPU: the model of `-m`, if given.
pub fn open(path: Option<&Path>, common: &Common) -> Result<Arc<Models>> {
    open_on(&Device::Cpu, path, &[], common)
}

/// The models of a command on a device, which codes these files.
pub fn open_on(
    device: &Device,
    path: Option<&Path>,
    files: &[PathBuf],
    common: &Common,
) -> Result<Arc<Models>> {
    // A pipe, or a file that cannot be read, counts as nothing; a compressed file as what it has.
    let bytes = files.iter().filter_map(|file| std::fs::metadata(file).ok()).map(|file| file.len());
    let execution = device.execution(common.instructions.chosen(), Some(bytes.sum()))?;
    let models = Models::on(execution);
    Ok(Arc::new(match path {
        Some(path) => models.with_file(path)?,
        None => models,
    }))
}

/// A decompressor for `file`, with these models and those found near the file.
pub fn decompressor(models: &Arc<Models>, file: Option<&Path>, common: &Common) -> Decompressor {
    let decompressor = Decompressor::new().models(Arc::clone(models)).threads(common.threads());
    match file {
        Some(file) => decompressor.beside(file),
        None => decompressor,
    }
}
