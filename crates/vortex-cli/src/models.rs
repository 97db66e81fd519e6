//! The model of the command line: the file of `-m`, and the instructions that run it.

use std::path::Path;
use std::sync::Arc;

use vortex_codec::{Decompressor, Models, Result};

use crate::arguments::{Common, Instructions};

/// The models of a command: the model of `-m`, if given, for the chosen instructions.
pub fn open(path: Option<&Path>, instructions: Instructions) -> Result<Arc<Models>> {
    let models = Models::for_instructions(instructions.chosen())?;
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
