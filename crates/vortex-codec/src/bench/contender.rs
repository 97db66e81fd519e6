//! A level of Vortex, or another codec.

use std::path::Path;

use vortex_coder::Schema;

use crate::baselines::Codec;
use crate::compressor::Compressor;
use crate::decompressor::Decompressor;
use crate::error::{Error, ErrorKind, Result};
use crate::level::Level;
use crate::plan::Subject;

/// One codec of a bench.
pub(super) enum Contender {
    /// The built-in predictor at a level, with a number of threads.
    Vortex(Level, usize),
    /// Another codec.
    Other(Box<dyn Codec>),
}

impl Contender {
    pub(super) fn name(&self) -> String {
        match self {
            Self::Vortex(level, _) => format!("vortex -{}", level.number()),
            Self::Other(codec) => codec.name().to_owned(),
        }
    }

    /// Compresses the bytes of a file. Vortex takes the `given` schema, or looks for the records as
    /// `vortex compress FILE` does.
    pub(super) fn encode(
        &self,
        file: &Path,
        data: &[u8],
        schema: &Schema,
        given: Option<&Schema>,
    ) -> Result<Vec<u8>> {
        match self {
            Self::Other(codec) => codec.compress(data, schema).map_err(|e| failed(&*e)),
            Self::Vortex(level, threads) => {
                let mut compressor =
                    Compressor::new().level(*level).threads(*threads).verify(false);
                if let Some(schema) = given {
                    compressor = compressor.schema(schema.clone());
                }
                let mut packed = Vec::new();
                compressor.compress_as(
                    &compressor.plan(Subject::File(file))?,
                    data,
                    &mut packed,
                )?;
                Ok(packed)
            }
        }
    }

    pub(super) fn decode(&self, packed: &[u8], len: usize, schema: &Schema) -> Result<Vec<u8>> {
        match self {
            Self::Other(codec) => codec.decompress(packed, len, schema).map_err(|e| failed(&*e)),
            Self::Vortex(_, threads) => {
                let mut back = Vec::with_capacity(len);
                Decompressor::new().threads(*threads).decompress(packed, &mut back)?;
                Ok(back)
            }
        }
    }
}

fn failed(error: &dyn std::error::Error) -> Error {
    Error::new(ErrorKind::Baseline, error.to_string())
}
