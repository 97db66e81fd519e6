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
    /// Vortex at a level.
    Vortex(Vortex),
    /// Another codec.
    Other(Box<dyn Codec>),
}

/// Vortex as a bench runs it.
#[derive(Clone, Copy)]
pub(super) struct Vortex {
    pub(super) level: Level,
    pub(super) threads: usize,
    /// Seconds of training at level 9.
    #[cfg_attr(not(feature = "train"), allow(dead_code))]
    pub(super) train_seconds: f64,
}

impl Vortex {
    fn encode(self, file: &Path, data: &[u8], given: Option<&Schema>) -> Result<Vec<u8>> {
        let mut compressor =
            Compressor::new().level(self.level).threads(self.threads).verify(false);
        if let Some(schema) = given {
            compressor = compressor.schema(schema.clone());
        }
        let mut packed = Vec::new();
        #[cfg(feature = "train")]
        if self.level == Level::SMALLEST {
            let scratch = crate::output::Scratch::new(&std::env::temp_dir())?;
            let own = crate::training::OwnNetwork {
                seconds: self.train_seconds,
                scratch: scratch.path(),
                on_step: &mut |_| {},
            };
            compressor.compress_with_own_network(file, own, &mut packed)?;
            return Ok(packed);
        }
        compressor.compress_as(&compressor.plan(Subject::File(file))?, data, &mut packed)?;
        Ok(packed)
    }
}

impl Contender {
    pub(super) fn name(&self) -> String {
        match self {
            Self::Vortex(Vortex { level, .. }) => format!("vortex -{}", level.number()),
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
            Self::Vortex(vortex) => vortex.encode(file, data, given),
        }
    }

    pub(super) fn decode(&self, packed: &[u8], len: usize, schema: &Schema) -> Result<Vec<u8>> {
        match self {
            Self::Other(codec) => codec.decompress(packed, len, schema).map_err(|e| failed(&*e)),
            Self::Vortex(Vortex { threads, .. }) => {
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
