//! `vortex restore`

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use vortex_codec::output::{Scratch, folder, place};
use vortex_codec::sources::prepare::{MANIFEST_NAME, Manifest, Restored, restore, restored_names};

use super::prepare::report_unread;
use crate::arguments::Common;
use crate::failure::Failure;
use crate::progress;

/// Write the original files from a prepared folder.
///
/// Every dataset has the values of the original bit for bit, NaN payloads and negative zeros
/// included, and is compared with the digest in the manifest. For HDF5, a new file is written with
/// the same groups, links, attributes, types, shapes, chunks, fill values and values, and for
/// Parquet and Arrow one with an equal schema, metadata, row groups and values; everything
/// that the original has and the new file does not have is printed.
#[derive(Debug, Args)]
pub struct Restore {
    /// Folder to write into; existing files are not changed
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
        if self.prepared.is_dir() && !path.exists() {
            let folder = self.prepared.display();
            return Err(
                anyhow!("{folder}: holds no {MANIFEST_NAME}; `vortex prepare` writes one").into()
            );
        }
        let manifest = Manifest::read(&path)?;
        for name in restored_names(&manifest) {
            let to = self.out.join(name);
            if to.exists() {
                let to = to.display();
                return Err(anyhow!("{to}: exists already; name another folder with --out").into());
            }
        }
        std::fs::create_dir_all(&self.out).with_context(|| self.out.display().to_string())?;
        let scratch = Scratch::new(&self.out)?;
        let bar = progress::bytes(None, "restore", !common.quiet);
        let files = restore(&manifest, folder(&path), scratch.path(), &mut |n| bar.inc(n))?;
        bar.finish_and_clear();
        let mut placed = Vec::new();
        for file in files {
            let to = self.out.join(file.path.file_name().context("has no name")?);
            // Files that only the owner may read keep this permission.
            let stream = file.stream.as_ref().map(|name| folder(&path).join(name));
            let like = stream.and_then(|stream| std::fs::metadata(stream).ok());
            place(&file.path, &to, false, like.as_ref())?;
            placed.push((to, file));
        }
        for source in &manifest.sources {
            report_unread(Path::new(&source.file), source, common);
        }
        if !common.quiet {
            for (to, Restored { datasets, same_bytes, .. }) in placed {
                let what = if same_bytes { "the same bytes" } else { "same values, a new file" };
                let from = self.prepared.display();
                eprintln!("{from}: {datasets} datasets ({what}) => {}", to.display());
            }
        }
        Ok(())
    }
}
