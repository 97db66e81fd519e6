//! `vortex prepare`

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use vortex_codec::data::SplitRatios;
use vortex_codec::output::{Scratch, place};
use vortex_codec::sources::Unread;
use vortex_codec::sources::prepare::{
    Layout, LayoutRule, MANIFEST_NAME, Manifest, PrepareOptions, SourceEntry, StreamEntry, prepare,
};

use crate::arguments::Common;
use crate::failure::Failure;
use crate::progress;
use crate::stdout::stdout;
use vortex_report::table::thousands;

/// Turn HDF5, ROOT, Parquet, Arrow, npy, FITS, safetensors and text files into records to train on.
///
/// Reads every dataset of every INPUT (HDF5, ROOT, Parquet, Arrow, .npy, .npz, FITS, .safetensors;
/// text plain, .gz or .tar.gz) and writes into DIR a .bin file of records with its .schema.yaml for each dataset, and
/// one manifest.json. `vortex restore` restores the datasets of the inputs, bit for bit. Everything
/// that cannot be read is printed by name with the reason; if a dataset is left out because it is
/// damaged or compressed with a filter that is not known, the exit status is 1.
#[derive(Debug, Args)]
pub struct Prepare {
    /// Folder to write
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// Order of the values in the .bin files
    #[arg(long, value_enum, default_value_t = LayoutChoice::Auto)]
    layout: LayoutChoice,
    /// Shares of the events for training, validation and test
    #[arg(long, value_name = "A/B/C", default_value_t)]
    split: SplitRatios,
    /// Shuffle the events before the split; the same number gives the same order
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Write into a folder that is not empty; the files of an earlier prepare are replaced
    #[arg(short, long)]
    force: bool,
    /// Write nothing if any part of an INPUT is not read
    #[arg(long)]
    strict: bool,
    /// Files to read
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
}

/// Order of the values in the streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LayoutChoice {
    /// `prepare` uses rows, unless columns make a sample much smaller; `compress` uses the layout
    /// of the model or, without a model, the one that makes a sample smaller
    Auto,
    /// One record after the other
    Row,
    /// One field after the other, with a file for each number type
    Column,
}

impl LayoutChoice {
    /// The chosen layout; `None` if it is chosen separately for each dataset.
    pub fn fixed(self) -> Option<Layout> {
        match self {
            Self::Auto => None,
            Self::Row => Some(Layout::Row),
            Self::Column => Some(Layout::Column),
        }
    }
}

impl Prepare {
    /// Preparation of files, with defaults for everything else.
    pub fn new(inputs: Vec<PathBuf>, out: PathBuf) -> Self {
        let (layout, split) = (LayoutChoice::Auto, SplitRatios::default());
        Self { out, layout, split, seed: None, force: false, strict: false, inputs }
    }

    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let manifest = self.prepare(common)?;
        for source in &manifest.sources {
            report_unread(Path::new(&source.file), source, common);
        }
        if !common.quiet {
            let mut out = stdout();
            for source in &manifest.sources {
                describe(&mut out, source)?;
            }
            writeln!(out, "=> {}", self.out.join(MANIFEST_NAME).display())?;
        }
        match manifest.is_whole() {
            true => Ok(()),
            false => Err(Failure::Reported),
        }
    }

    fn prepare(&self, common: &Common) -> Result<Manifest> {
        let is_new = self.check_folder()?;
        std::fs::create_dir_all(&self.out).with_context(|| self.out.display().to_string())?;
        let prepared = self.prepare_aside(common);
        if prepared.is_err() && is_new {
            let _ = std::fs::remove_dir(&self.out);
        }
        prepared
    }

    /// Whether the folder does not exist yet. A folder that is not empty is only used with -f.
    fn check_folder(&self) -> Result<bool> {
        let out = self.out.display();
        match std::fs::read_dir(&self.out) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                bail!("{out}: is a file; name a folder with --out")
            }
            Err(error) => Err(error).with_context(|| out.to_string()),
            Ok(mut entries) => {
                if !self.force && self.out.join(MANIFEST_NAME).exists() {
                    bail!("{out}: was prepared before; use another --out, or -f to replace it");
                }
                if !self.force && entries.next().is_some() {
                    bail!("{out}: is not empty; use another --out, or -f to add to it");
                }
                Ok(false)
            }
        }
    }

    /// Refuses to replace files that are not of an earlier `prepare`, and to remove an input.
    fn check_files(&self, old: &BTreeSet<PathBuf>, new: &BTreeSet<PathBuf>) -> Result<()> {
        for name in new.difference(old) {
            let path = self.out.join(name);
            if path.symlink_metadata().is_ok() {
                let path = path.display();
                bail!("{path}: exists already and is not of an earlier prepare; use another --out");
            }
        }
        for input in &self.inputs {
            let whole = std::fs::canonicalize(input).ok();
            let is_input = |name: &&PathBuf| {
                whole.is_some() && std::fs::canonicalize(self.out.join(name)).ok() == whole
            };
            if old.iter().find(is_input).is_some() {
                let input = input.display();
                bail!("{input}: is a file that -f would remove; use another --out");
            }
        }
        Ok(())
    }

    /// Prepares in a temporary folder inside the output folder; the files get their final names
    /// when all are complete.
    fn prepare_aside(&self, common: &Common) -> Result<Manifest> {
        let layout = self.layout.fixed().map_or(LayoutRule::Training, LayoutRule::Fixed);
        let (split, seed, strict) = (self.split, self.seed, self.strict);
        let options = PrepareOptions { layout, split, seed, strict };
        let scratch = Scratch::new(&self.out)?;
        let bar = progress::bytes(None, "prepare", !common.quiet);
        let manifest = prepare(&self.inputs, scratch.path(), &options, &mut |n| bar.inc(n))?;
        bar.finish_and_clear();
        let path = self.out.join(MANIFEST_NAME);
        let old = Manifest::read(&path).map(|old| files_of(&old)).unwrap_or_default();
        self.check_files(&old, &files_of(&manifest))?;
        // Files that only the owner may read keep this permission.
        let likes = self
            .inputs
            .iter()
            .map(|input| std::fs::metadata(input).with_context(|| input.display().to_string()));
        let likes = likes.collect::<Result<Vec<Metadata>>>()?;
        // Old files that are not overwritten would be used for training together with the new ones.
        for name in &old {
            let _ = std::fs::remove_file(self.out.join(name));
        }
        let place = |name: &Path, like: Option<&Metadata>| {
            place(&scratch.path().join(name), &self.out.join(name), false, like)
        };
        for (source, like) in manifest.sources.iter().zip(likes) {
            for stream in source.datasets.iter().flat_map(|dataset| &dataset.streams) {
                place(&schema_file(stream), None)?;
                place(Path::new(&stream.file), Some(&like))?;
            }
        }
        // The manifest comes last, because it marks the folder as prepared.
        place(Path::new(MANIFEST_NAME), None)?;
        Ok(manifest)
    }
}

/// Names of the files of a prepared folder.
fn files_of(manifest: &Manifest) -> BTreeSet<PathBuf> {
    let streams = manifest.streams().flat_map(|s| [schema_file(s), PathBuf::from(&s.file)]);
    streams.chain([PathBuf::from(MANIFEST_NAME)]).collect()
}

/// Name of the schema of a stream.
fn schema_file(stream: &StreamEntry) -> PathBuf {
    Path::new(&stream.file).with_extension("schema.yaml")
}

/// Names that are printed one by one; more of them are counted by reason.
const MAX_UNREAD_LINES: usize = 10;

/// Prints the parts of a file that were not read, with the reasons.
pub fn report_unread(file: &Path, source: &SourceEntry, common: &Common) {
    report(file, &source.unread, "not read", common);
    report(file, &source.left_out, "left out", common);
    report(file, &source.lost, "not kept", common);
    if !source.left_out.is_empty() {
        let (file, n, rest) = (file.display(), source.left_out.len(), source.datasets.len());
        eprintln!("vortex: {file}: {n} parts are missing in the output, which has {rest} datasets");
    }
}

fn report(file: &Path, unread: &[Unread], what: &str, common: &Common) {
    let file = file.display();
    if unread.len() <= MAX_UNREAD_LINES || common.verbose {
        for Unread { name, reason } in unread {
            eprintln!("vortex: {file}: {name}: {what}: {reason}");
        }
        return;
    }
    let mut reasons = BTreeMap::<&str, Vec<&str>>::new();
    for Unread { name, reason } in unread {
        reasons.entry(reason).or_default().push(name);
    }
    let more = reasons.len().saturating_sub(MAX_UNREAD_LINES);
    for (reason, names) in reasons.into_iter().take(MAX_UNREAD_LINES) {
        let (first, more) = (names[0], names.len() - 1);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        eprintln!("vortex: {file}: {first}{more}: {what}: {reason}");
    }
    if more > 0 {
        eprintln!("vortex: {file}: ... and {more} more reasons");
    }
    eprintln!("vortex: {file}: {} {what} in total; -v names each", unread.len());
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
