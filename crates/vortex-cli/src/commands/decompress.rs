//! `vortex decompress`

use std::fs::Metadata;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use vortex_codec::archive::{is_archive, unpack};
use vortex_codec::coder::container::Reader;
use vortex_codec::output::{Scratch, folder, place};
use vortex_codec::sources::prepare::restore;
use vortex_codec::{Models, weights};

use super::prepare::report_unread;
use super::{files, wrong_usage};
use crate::arguments::{Common, OnDevice, OutputArguments};
use crate::failure::Failure;
use crate::input::Input;
use crate::models;
use crate::output::{Content, Output, Target};
use crate::progress;
use crate::records::{Choice, Form, Slice};
use vortex_report::table::thousands;

/// Decompress .vxc files.
///
/// If a file needs a model, the model comes from -m, from the file itself if it is embedded, or
/// from a .vxm file with the right digest that is beside the file or in a folder of
/// $VORTEX_MODEL_PATH.
///
/// An output of `compress --datasets` becomes a new file with the same values: HDF5 as HDF5,
/// Parquet as Parquet, Arrow as Arrow, npz as npz. Formats without a writer, and all formats with --streams, become a folder of .bin files
/// with their schemas and manifest.json.
///
/// With an option of *Records*, the output holds only these records: FILE without .vxc, and .records,
/// .csv or .npy. Only the blocks that hold them are read and decoded.
#[derive(Debug, Args)]
pub struct Decompress {
    /// Model file
    #[arg(short = 'm', long = "model", value_name = "M")]
    model: Option<PathBuf>,
    #[command(flatten)]
    on: OnDevice,
    /// For files of compress --datasets: write the streams into a folder, as `vortex prepare` does
    #[arg(long)]
    streams: bool,
    /// Only these records, as in Python: A:B is A up to B - 1, `:100` the first 100, `-100:` the last
    /// 100
    #[arg(long, value_name = "A:B", value_parser = Slice::parse, allow_hyphen_values = true)]
    #[arg(help_heading = "Records", conflicts_with = "streams")]
    records: Option<Slice>,
    #[command(flatten)]
    choice: Choice,
    /// Form of the records: raw without this option
    #[arg(long, value_enum, help_heading = "Records")]
    format: Option<Form>,
    #[command(flatten)]
    pub output: OutputArguments,
    /// Files to decompress; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Decompress {
    /// Decompression of one file with a model, with defaults for everything else.
    pub fn new(model: PathBuf, file: PathBuf) -> Self {
        Self {
            model: Some(model),
            on: OnDevice::default(),
            streams: false,
            records: None,
            choice: Choice::default(),
            format: None,
            output: OutputArguments::default(),
            files: vec![file],
        }
    }

    pub fn run(self, common: &Common) -> Result<(), Failure> {
        if self.of_records() {
            if self.streams {
                wrong_usage("--streams writes whole datasets; leave out the options of records");
            }
            if self.files.len() > 1 {
                let n = self.files.len();
                wrong_usage(format!("records of {n} FILEs; name one FILE"));
            }
        }
        let target = |file: &Path| files::original_target(file, &self.output, files::EXTENSION);
        files::check_usage(&self.files, &self.output, target);
        let OnDevice { device } = &self.on;
        let models = models::open_on(device, self.model.as_deref(), &self.files, common)?;
        if self.of_records() {
            return files::for_each(&self.files, |file| {
                self.write_records(file, target(file)?, &models, common)
            });
        }
        files::for_each(&self.files, |file| {
            let mut input = Input::open(file)?;
            if input.head(weights::MAGIC.len())? == weights::MAGIC {
                bail!("holds weights of a network; use vortex decompress-weights");
            }
            let bar = progress::bytes(input.len(), &input.name(), !common.quiet);
            let decompressor = models::decompressor(&models, input.path.as_deref(), common);
            let mut reader = decompressor.reader(bar.wrap_read(input.reader));
            let target = target(file)?;
            reader.start()?;
            if is_archive(&reader) {
                let like = input.metadata.as_ref();
                return self.datasets(file, &mut reader, target, like, common);
            }
            if self.streams {
                bail!("is not an archive of datasets; leave out --streams");
            }
            let like = input.metadata.as_ref();
            let mut output = Output::open(&target, Content::Original, self.output.force, like)
                .with_context(|| target.to_string())?;
            let summary = reader.copy_to(&mut output)?;
            output.flush().context("cannot be written")?;
            output.commit().with_context(|| target.to_string())?;
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

    /// Whether records are wanted, and not the whole file.
    fn of_records(&self) -> bool {
        let Choice { fields, dataset } = &self.choice;
        self.records.is_some() || self.format.is_some() || !fields.is_empty() || dataset.is_some()
    }

    /// Writes the chosen records of a file.
    fn write_records(
        &self,
        file: &Path,
        target: Target,
        models: &Arc<Models>,
        common: &Common,
    ) -> Result<()> {
        let form = self.format.unwrap_or(Form::Raw);
        let target = match target {
            Target::Path(path) => {
                Target::Path(with_suffix(&path, !self.names_file(), form.suffix()))
            }
            stdout => stdout,
        };
        let mut excerpt = self.choice.open(file, models, common)?;
        let rows = self.records.unwrap_or_default().of(excerpt.rows());
        let n = rows.end - rows.start;
        let metadata = std::fs::metadata(file).context("cannot be read")?;
        let mut output =
            Output::open(&target, Content::Original, self.output.force, Some(&metadata))
                .with_context(|| target.to_string())?;
        let bar = progress::count(n, &file.display().to_string(), !common.quiet);
        excerpt.write(rows, form.into(), common.threads(), &mut output, |rows| bar.inc(rows))?;
        output.commit().with_context(|| target.to_string())?;
        bar.finish_and_clear();
        if !common.quiet && (target != Target::Stdout || common.verbose) {
            eprintln!("{}: {} records => {target}", file.display(), thousands(n));
        }
        Ok(())
    }

    /// Whether -o names the output itself, and not a folder for it.
    fn names_file(&self) -> bool {
        self.output.output.as_ref().is_some_and(|path| !path.is_dir())
    }

    /// Writes the file, or the streams, of an archive of datasets.
    fn datasets<R: Read>(
        &self,
        file: &Path,
        reader: &mut Reader<R>,
        target: Target,
        like: Option<&Metadata>,
        common: &Common,
    ) -> Result<()> {
        let Target::Path(path) = target else {
            bail!("holds datasets, which become a file or a folder; name it with -o");
        };
        let scratch = Scratch::new(folder(&path))?;
        let streams = scratch.path().join("streams");
        std::fs::create_dir(&streams).context("cannot be made")?;
        let manifest = unpack(reader, &streams)?;
        let (from, to, what) = if self.streams {
            (streams, with_suffix(&path, !self.names_file(), "streams"), "streams")
        } else {
            let back = scratch.path().join("back");
            let mut files = restore(&manifest, &streams, &back, &mut |_| {})?;
            match (files.pop(), files.is_empty()) {
                (Some(one), true) => {
                    // ROOT is restored as arrays; the default name shows this.
                    let other = manifest.sources.iter().find_map(|s| s.format.restored_extension());
                    let named = other.is_some() && !self.names_file();
                    let to = with_suffix(&path, named, other.unwrap_or_default());
                    (one.path, to, "same values, a new file")
                }
                _ => (back, with_suffix(&path, !self.names_file(), "files"), "files"),
            }
        };
        place(&from, &to, self.output.force, like)?;
        for source in &manifest.sources {
            report_unread(file, source, common);
        }
        if !common.quiet {
            let n: usize = manifest.sources.iter().map(|s| s.datasets.len()).sum();
            eprintln!("{}: {n} datasets ({what}) => {}", file.display(), to.display());
        }
        Ok(())
    }
}

/// Adds a suffix to the name of a folder if the user gave no name.
fn with_suffix(path: &Path, wanted: bool, suffix: &str) -> PathBuf {
    if !wanted {
        return path.to_owned();
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}
