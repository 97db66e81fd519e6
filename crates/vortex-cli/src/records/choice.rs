//! The arguments that choose records, and the file that holds them.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use vortex_codec::archive::Archive;
use vortex_codec::export::Excerpt;
use vortex_codec::{Models, Schema, weights};

use crate::arguments::Common;
use crate::input::open_file;
use crate::models;

/// Which part of a record, and of which dataset.
#[derive(Clone, Debug, Default, Args)]
pub struct Choice {
    /// Only these fields, in this order: pt,eta. `b` alone stands for b[0], b[1], ... and b.x
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Records")]
    pub fields: Vec<String>,
    /// The dataset, if the file holds several
    #[arg(long, value_name = "NAME", help_heading = "Records")]
    pub dataset: Option<String>,
}

impl Choice {
    /// Opens a file; only what says where its records are is read.
    pub fn open(
        &self,
        file: &Path,
        models: &Arc<Models>,
        common: &Common,
    ) -> Result<Excerpt<BufReader<File>>> {
        if file == Path::new("-") {
            bail!("single records cannot be read from standard input; name a file");
        }
        let mut opened = open_file(file)?;
        if !opened.metadata().context("cannot be read")?.is_file() {
            bail!("single records cannot be read from a pipe or a device; name a file");
        }
        let mut head = Vec::new();
        (&mut opened).take(weights::MAGIC.len() as u64).read_to_end(&mut head)?;
        if head == weights::MAGIC {
            bail!("holds weights of a network; use vortex decompress-weights");
        }
        opened.rewind()?;
        let decompressor = models::decompressor(models, Some(file), common);
        let archive = Archive::from_reader(BufReader::new(opened), &decompressor)?;
        let dataset = self.dataset.as_deref();
        if *archive.dataset(dataset)?.schema == Schema::bytes() && !common.quiet {
            eprintln!("{}: holds bytes without records; each byte counts as one", file.display());
        }
        Ok(Excerpt::of(archive, dataset, &self.fields)?)
    }
}
