//! `vortex test`

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use vortex_codec::weights;

use super::files;
use crate::arguments::{Common, OnDevice};
use crate::failure::Failure;
use crate::input::Input;
use crate::models;
use crate::progress;
use crate::stdout::stdout;
use vortex_report::table::thousands;

/// Check .vxc and .vxw files without writing anything: decodes them and compares all checksums.
#[derive(Debug, Args)]
pub struct Test {
    /// Model file
    #[arg(short = 'm', long = "model", value_name = "M")]
    model: Option<PathBuf>,
    #[command(flatten)]
    on: OnDevice,
    /// For weights: the base checkpoint of the differences
    #[arg(long, value_name = "FILE")]
    base: Option<PathBuf>,
    /// Files to check; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Test {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let OnDevice { device } = &self.on;
        let models = models::open_on(device, self.model.as_deref(), &self.files, common)?;
        files::for_each(&self.files, |file| {
            let mut input = Input::open(file)?;
            let is_weights = input.head(weights::MAGIC.len())? == weights::MAGIC;
            let bar = progress::bytes(input.len(), &input.name(), !common.quiet);
            let reader = bar.wrap_read(input.reader);
            let original_bytes = if is_weights {
                let base = self.base.as_deref();
                weights::decompress(reader, io::sink(), base, common.threads())?.original_bytes
            } else {
                let decompressor = models::decompressor(&models, input.path.as_deref(), common);
                decompressor.decompress(reader, io::sink())?.original_bytes
            };
            bar.finish_and_clear();
            if !common.quiet {
                writeln!(stdout(), "{}: ok, {} bytes", file.display(), thousands(original_bytes))?;
            }
            Ok(())
        })
    }
}
