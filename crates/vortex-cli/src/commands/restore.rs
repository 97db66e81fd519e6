//! `vortex restore`

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use vortex_data::prepare::{MANIFEST_NAME, Manifest, restore};

use super::prepare::report_unread;
use crate::arguments::Common;
use crate::failure::Failure;
use crate::output::folder;
use crate::progress;

/// Write the files again that were prepared.
///
/// Every dataset has the values of the original bit for bit, NaN payloads and negative zeros
/// included, and is compared with the digest in the manifest. An HDF5 file is written anew: same
/// groups, names, types, shapes and values, without compression and without attributes.
#[derive(Debug, Args)]
pub struct Restore {
    /// Folder to write into; files that exist are left alone
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// Prepared folder, or its manifest.json
    #[arg(value_name = "PREPARED")]
    prepared: PathBuf,
}

impl Restore {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let path = match self.prepared.is_dir() {
            true => self.prepared.join(MANIFEST_NAME),
            false => self.prepared.clone(),
        };
        let manifest = Manifest::read(&path)?;
        let bar = progress::bytes(None, "restore", !common.quiet);
        let files = restore(&manifest, folder(&path), &self.out, &mut |n| bar.inc(n))?;
        bar.finish_and_clear();
        for source in &manifest.sources {
            report_unread(&path, source);
        }
        if !common.quiet {
            for file in files {
                let datasets = file.datasets;
                eprintln!("{}: {datasets} datasets => {}", path.display(), file.path.display());
            }
        }
        Ok(())
    }
}
