//! How to compress.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use pyo3::prelude::*;
use vortex_codec::{Compressor, Level, Result};

use crate::model::Model;
use crate::schema::Schema;

/// The options of the caller, a dictionary with all of these keys.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Options {
    schema: Option<Schema>,
    model: Option<Model>,
    level: u8,
    threads: usize,
    block_bytes: Option<u32>,
    verify: bool,
    embed_model: bool,
}

impl Options {
    /// The compressor of these options, which `cancel` stops.
    pub fn compressor(self, cancel: Arc<AtomicBool>) -> Result<Compressor> {
        let mut compressor = Compressor::new()
            .level(Level::new(self.level)?)
            .threads(self.threads)
            .verify(self.verify)
            .embed_model(self.embed_model)
            .cancel(cancel);
        if let Some(Schema(schema)) = self.schema {
            compressor = compressor.schema(schema);
        }
        if let Some(bytes) = self.block_bytes {
            compressor = compressor.block_bytes(bytes);
        }
        Ok(match self.model {
            Some(Model(model)) => compressor.model(model),
            None => compressor,
        })
    }
}
