//! `vortex decompress`

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;

use super::files;
use crate::arguments::{Common, OutputArguments};
use crate::codec;
use crate::failure::Failure;
use crate::input::Input;
use crate::models::Models;
use crate::output::{Content, Output, Target};
use crate::progress;
use crate::report::table::thousands;

/// Decompress .vxc files.
///
/// A file that needs a model takes it from -m, from itself when it was embedded, or from any .vxm
/// file of the right digest beside it or in the folders of $VORTEX_MODEL_PATH.
#[derive(Debug, Args)]
pub struct Decompress {
    /// Model file
    #[arg(short = 'm', long = "model", value_name = "M")]
    model: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArguments,
    /// Files to decompress; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Decompress {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        files::check_usage(&self.files, &self.output);
        let models = Arc::new(Models::open(self.model.as_deref(), common.level)?);
        files::for_each(&self.files, |file| {
            let input = Input::open(file)?;
            let target = files::target(file, &self.output, files::original_name)?;
            let mut output = Output::open(&target, Content::Original, self.output.force)
                .with_context(|| target.to_string())?;
            let bar = progress::bytes(input.len(), &input.name(), !common.quiet);
            let search = models.search(input.path.as_deref());
            let summary = codec::decode(
                &mut bar.wrap_read(input.reader),
                &mut output,
                search,
                common.threads(),
            )?;
            output.flush().context("cannot be written")?;
            output.commit(input.metadata.as_ref()).with_context(|| target.to_string())?;
            bar.finish_and_clear();
            if !common.quiet && (target != Target::Stdout || common.verbose) {
                eprintln!(
                    "{}: {} bytes => {target}",
                    file.display(),
                    thousands(summary.original_bytes)
                );
            }
            Ok(())
        })
    }
}
