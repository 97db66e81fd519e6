//! `vortex test`

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use clap::Args;

use super::files;
use crate::arguments::Common;
use crate::codec;
use crate::failure::Failure;
use crate::input::Input;
use crate::models::Models;
use crate::progress;
use crate::report::table::thousands;
use crate::stdout::stdout;
use crate::weights;

/// Check .vxc and .vxw files without writing anything: decodes them and compares all checksums.
#[derive(Debug, Args)]
pub struct Test {
    /// Model file
    #[arg(short = 'm', long = "model", value_name = "M")]
    model: Option<PathBuf>,
    /// For weights: the checkpoint that differences were taken to
    #[arg(long, value_name = "FILE")]
    base: Option<PathBuf>,
    /// Files to check; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Test {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let models = Arc::new(Models::open(self.model.as_deref(), common.level)?);
        files::for_each(&self.files, |file| {
            let mut input = Input::open(file)?;
            let is_weights = input.head(weights::MAGIC.len())? == weights::MAGIC;
            let bar = progress::bytes(input.len(), &input.name(), !common.quiet);
            let search = models.search(input.path.as_deref());
            let mut reader = bar.wrap_read(input.reader);
            let threads = common.threads();
            let original_bytes = if is_weights {
                let base = self.base.as_deref();
                weights::decode(reader, io::sink(), base, threads)?.original_bytes
            } else {
                codec::decode(&mut reader, &mut io::sink(), search, threads)?.original_bytes
            };
            bar.finish_and_clear();
            if !common.quiet {
                writeln!(stdout(), "{}: ok, {} bytes", file.display(), thousands(original_bytes))?;
            }
            Ok(())
        })
    }
}
