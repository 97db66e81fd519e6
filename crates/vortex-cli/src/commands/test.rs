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

/// Check .vxc files without writing anything: decodes them and compares all checksums.
#[derive(Debug, Args)]
pub struct Test {
    /// Model file
    #[arg(short = 'm', long = "model", value_name = "M")]
    model: Option<PathBuf>,
    /// Files to check; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Test {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let models = Arc::new(Models::open(self.model.as_deref(), common.level)?);
        files::for_each(&self.files, |file| {
            let input = Input::open(file)?;
            let bar = progress::bytes(input.len(), &input.name(), !common.quiet);
            let search = models.search(input.path.as_deref());
            let mut reader = bar.wrap_read(input.reader);
            let summary = codec::decode(&mut reader, &mut io::sink(), search, common.threads())?;
            bar.finish_and_clear();
            if !common.quiet {
                writeln!(
                    io::stdout(),
                    "{}: ok, {} bytes",
                    file.display(),
                    thousands(summary.original_bytes)
                )?;
            }
            Ok(())
        })
    }
}
