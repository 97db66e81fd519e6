//! `vortex prepare`

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use vortex_data::SplitRatios;
use vortex_data::prepare::{Layout, MANIFEST_NAME, Manifest, PrepareOptions, SourceEntry, prepare};

use crate::arguments::Common;
use crate::failure::Failure;
use crate::progress;
use crate::report::table::thousands;

/// Turn HDF5, npy, safetensors and text files into records to train on.
///
/// Reads every dataset of every INPUT (HDF5, .npy, .npz, .safetensors, ROOT; text plain, as .gz or
/// .tar.gz) and writes into DIR, for each, a .bin file of records with its .schema.yaml, and
/// manifest.json. `vortex restore` writes the inputs' datasets again, bit for bit. What cannot be
/// read is printed by name with the reason.
#[derive(Debug, Args)]
pub struct Prepare {
    /// Folder to write
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// How records lie in the .bin files
    #[arg(long, value_enum, default_value_t = LayoutChoice::Auto)]
    layout: LayoutChoice,
    /// Shares of the events for training, validation and test
    #[arg(long, value_name = "A/B/C", default_value_t)]
    split: SplitRatios,
    /// Shuffle the events before they are split; the number makes it repeatable
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Write into a folder that was prepared before
    #[arg(short, long)]
    force: bool,
    /// Files to read
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
}

/// How records lie in the streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LayoutChoice {
    /// What makes a sample smaller, for each dataset
    Auto,
    /// One record after the other
    Row,
    /// One field after the other, a file for each number type
    Column,
}

impl LayoutChoice {
    /// The layout, unless it is to be chosen.
    pub fn layout(self) -> Option<Layout> {
        match self {
            Self::Auto => None,
            Self::Row => Some(Layout::Row),
            Self::Column => Some(Layout::Column),
        }
    }
}

impl Prepare {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let manifest = self.prepare(common)?;
        for source in &manifest.sources {
            report_unread(Path::new(&source.file), source);
        }
        if !common.quiet {
            let mut out = io::stdout().lock();
            for source in &manifest.sources {
                describe(&mut out, source)?;
            }
            writeln!(out, "=> {}", self.out.join(MANIFEST_NAME).display())?;
        }
        Ok(())
    }

    fn prepare(&self, common: &Common) -> Result<Manifest> {
        if self.out.join(MANIFEST_NAME).exists() && !self.force {
            bail!("{}: was prepared before; use another --out, or -f", self.out.display());
        }
        let options =
            PrepareOptions { layout: self.layout.layout(), split: self.split, seed: self.seed };
        let bar = progress::bytes(None, "prepare", !common.quiet);
        let manifest = prepare(&self.inputs, &self.out, &options, &mut |n| bar.inc(n))?;
        bar.finish_and_clear();
        Ok(manifest)
    }
}

/// Prints what of a file was not read, and why.
pub fn report_unread(file: &Path, source: &SourceEntry) {
    for unread in &source.unread {
        eprintln!("vortex: {}: {}: not read: {}", file.display(), unread.name, unread.reason);
    }
}

fn describe(out: &mut dyn Write, source: &SourceEntry) -> io::Result<()> {
    let values: u64 =
        source.datasets.iter().map(|d| d.records.saturating_mul(d.stride.into())).sum();
    writeln!(
        out,
        "{}: {} bytes, {} of values in {} datasets",
        source.file,
        thousands(source.bytes),
        thousands(values),
        source.datasets.len()
    )?;
    for dataset in &source.datasets {
        let layout = match dataset.layout {
            Layout::Row => "row",
            Layout::Column => "column",
        };
        writeln!(
            out,
            "  {}: {} records of {} bytes, {} fields, {layout} layout",
            dataset.name,
            thousands(dataset.records),
            dataset.stride,
            dataset.fields.len()
        )?;
    }
    Ok(())
}
