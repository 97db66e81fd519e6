//! `vortex inspect`

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use vortex_coder::container::constants::MAGIC;

use super::files;
use crate::arguments::Common;
use crate::failure::Failure;
use crate::input::{self, open_file};

mod container;
mod model;
mod raw;
mod weights;

/// Say what a file is: compressed, model, weights or raw data.
///
/// Compressed files: members, blocks, schema, model, sizes. Models: schema, shape, size. Raw data:
/// the record length and number types written beside it or found in it. All of them with bits by
/// field: for raw data the entropy of each symbol on its own, for compressed files what each
/// symbol costs under their model, where the model is found. Compressed weights: types, sizes and
/// the base that they need.
#[derive(Debug, Args)]
pub struct Inspect {
    /// What a record is, for raw data
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Model file, for compressed files
    #[arg(short = 'm', long = "model", value_name = "M")]
    model: Option<PathBuf>,
    /// Files to look at
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Inspect {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        files::for_each(&self.files, |file| {
            let text = self.describe(file, common)?;
            io::stdout().write_all(text.as_bytes())?;
            Ok(())
        })
    }

    fn describe(&self, file: &Path, common: &Common) -> Result<String> {
        let mut start = [0; 8];
        let n = input::fill(&mut open_file(file)?, &mut start).context("cannot be read")?;
        if start[..n] == MAGIC {
            container::describe(file, self.model.as_deref(), common)
        } else if start[..n] == crate::weights::MAGIC {
            weights::describe(file)
        } else if model::is_model(&start[..n]) {
            model::describe(file, common)
        } else {
            raw::describe(file, self.schema.as_deref())
        }
    }
}
