//! `vortex decompress-weights`

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use vortex_codec::coder::container::constants::MAGIC as RECORDS_MAGIC;
use vortex_codec::weights::decompress;

use super::files;
use crate::arguments::{Common, OutputArguments};
use crate::failure::Failure;
use crate::input::Input;
use crate::output::{Content, Output, Target};
use crate::progress;
use vortex_report::table::thousands;

/// Decompress .vxw files: weights of networks.
#[derive(Debug, Args)]
pub struct DecompressWeights {
    /// The base checkpoint of the differences
    #[arg(long, value_name = "FILE")]
    base: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArguments,
    /// Files to decompress; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl DecompressWeights {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let target =
            |file: &Path| files::original_target(file, &self.output, files::WEIGHTS_EXTENSION);
        files::check_usage(&self.files, &self.output, target);
        files::for_each(&self.files, |file| {
            let mut input = Input::open(file)?;
            if input.head(RECORDS_MAGIC.len())? == RECORDS_MAGIC {
                bail!("is a .vxc file and holds no weights; use vortex decompress");
            }
            let target = target(file)?;
            let like = input.metadata.as_ref();
            let mut output = Output::open(&target, Content::Original, self.output.force, like)
                .with_context(|| target.to_string())?;
            let bar = progress::bytes(input.len(), &input.name(), !common.quiet);
            let name = input.name();
            let packed = bar.wrap_read(input.reader);
            let base = self.base.as_deref();
            let summary = decompress(packed, &mut output, base, common.threads())?;
            output.commit().with_context(|| target.to_string())?;
            bar.finish_and_clear();
            if !common.quiet && (target != Target::Stdout || common.verbose) {
                eprintln!("{name}: {} bytes => {target}", thousands(summary.original_bytes));
            }
            Ok(())
        })
    }
}
