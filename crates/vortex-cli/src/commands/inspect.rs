//! `vortex inspect`

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use vortex_codec::coder::container::constants::MAGIC;
use vortex_codec::coder::container::damaged_as_text;

use super::files;
use crate::arguments::Common;
use crate::failure::Failure;
use crate::input::open_file;
use crate::stdout::stdout;

mod container;
mod model;
mod raw;
mod weights;

/// Show what a file is: compressed, model, weights or raw data.
///
/// Compressed files: members, blocks, schema, model, sizes. Models: schema, shape, size. Raw data:
/// the record length and number types, from a schema beside the data or detected. All with bits by
/// field: for raw data the entropy of each symbol alone, for compressed files the cost of each
/// symbol under their model, if the model is found. Compressed weights: types, sizes and the base
/// that they need.
#[derive(Debug, Args)]
pub struct Inspect {
    /// Description of the records, for raw data
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Model file, for compressed files
    #[arg(short = 'm', long = "model", value_name = "M")]
    model: Option<PathBuf>,
    /// Files to inspect
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// First bytes and extensions of the files that this program writes.
const OUR_FILES: [([u8; 8], &str); 3] = [
    (MAGIC, files::EXTENSION),
    (vortex_codec::weights::MAGIC, files::WEIGHTS_EXTENSION),
    (vortex_codec::infer::file::SIGNATURE, vortex_codec::models::EXTENSION),
];

impl Inspect {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        files::for_each(&self.files, |file| {
            let text = self.describe(file, common)?;
            stdout().write_all(text.as_bytes())?;
            Ok(())
        })
    }

    fn describe(&self, file: &Path, common: &Common) -> Result<String> {
        let mut start = Vec::new();
        open_file(file)?.take(8).read_to_end(&mut start).context("cannot be read")?;
        if start == MAGIC {
            return container::describe(file, self.model.as_deref(), common);
        }
        if start == vortex_codec::weights::MAGIC {
            return weights::describe(file);
        }
        if model::is_model(&start) {
            return model::describe(file, common);
        }
        for (magic, extension) in &OUR_FILES {
            ensure!(
                !damaged_as_text(&start, magic),
                "was a .{extension} file, but a transfer as text damaged it; get it again in \
                 binary mode"
            );
        }
        let mut text = raw::describe(file, self.schema.as_deref())?;
        let found = file.extension().unwrap_or_default();
        if let Some((_, extension)) =
            OUR_FILES.iter().find(|(_, ext)| found.eq_ignore_ascii_case(ext))
        {
            text.push_str(&format!(
                "\nnot a .{extension} file, although its name says so; if it was one, its first bytes \
                 are damaged\n"
            ));
        }
        Ok(text)
    }
}
