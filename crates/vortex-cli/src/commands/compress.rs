//! `vortex compress`

mod many;
mod own_network;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use vortex_codec::archive::DatasetOptions;
use vortex_codec::data::read_schema;
use vortex_codec::output::{Scratch, folder};
use vortex_codec::plan::Subject;
use vortex_codec::sources::{Format, format_of};
use vortex_codec::{Compressor, Device, Level, Mix, Schema, TrainedModel};

use self::many::Many;
use super::files;
use super::prepare::{LayoutChoice, report_unread};
use crate::arguments::{Common, Effort, OnDevice, OutputArguments, block_size, seconds};
use crate::failure::Failure;
use crate::input::{self, Input};
use crate::models;
use crate::output::{Content, Output, Target};
use crate::progress;
use vortex_report::sizes::Sizes;
use vortex_report::table::thousands;

/// Seconds of training at level 9, if the user does not choose.
const TRAIN_SECONDS: f64 = 60.0;

/// Compress files to FILE.vxc.
///
/// Decompression gives back the same bytes for every file. Each output is decoded again and
/// compared before it gets its final name. Without -m, the command analyses the file (records,
/// number types, decimals, laws between fields, text, regions) and codes it with a built-in
/// predictor that learns as it goes.
///
/// With --datasets, the command codes the values inside an HDF5, ROOT, Parquet, Arrow, npz or
/// tar.gz file instead of its bytes, which are often compressed already. The result is much smaller, but decompression
/// gives a new file with the same values.
///
/// With --manifest, the command compresses the files of a list, or a shard of it, on the node of a
/// batch farm for example. A run that is started again skips the outputs that are whole.
#[derive(Debug, Args)]
pub struct Compress {
    /// Model file to predict with
    #[arg(short = 'm', long = "model", value_name = "M")]
    model: Option<PathBuf>,
    #[command(flatten)]
    on: OnDevice,
    /// Store the model in the output, so that decoding needs no other file
    #[arg(long, requires = "model")]
    embed_model: bool,
    /// Mix the network of the model with contexts that learn from the file; without --mix and
    /// --no-mix, a sample decides
    #[arg(long, requires = "model")]
    mix: bool,
    /// Never mix the network of the model with contexts
    #[arg(long, requires = "model", conflicts_with = "mix")]
    no_mix: bool,
    /// Description of the records, as .schema.yaml or .json; without it, FILE.schema.yaml is used,
    /// or the records are detected
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Code the datasets inside a file: the values are restored bit for bit, in a new file
    #[arg(long, conflicts_with = "schema")]
    datasets: bool,
    /// With --datasets: the order of the values in the streams
    #[arg(long, value_enum, default_value_t = LayoutChoice::Auto, requires = "datasets")]
    layout: LayoutChoice,
    /// With --datasets: write nothing if any part of the file is not read. Without it, the exit
    /// status is 1 if a dataset is left out because it is damaged or compressed with a filter that
    /// is not known
    #[arg(long, requires = "datasets")]
    strict: bool,
    /// Size of the blocks, which are coded independently: the unit of random access and of threads;
    /// the default is 4 MiB at level 1, 16 MiB at levels 2 to 6, 64 MiB at levels 7 to 9, and 1 MiB
    /// with a model
    #[arg(long, value_name = "SIZE", value_parser = block_size)]
    block_size: Option<u32>,
    #[command(flatten)]
    effort: Effort,
    /// With -9 on a file of records: seconds of training a network on it. The network is stored in
    /// the output, mixed with contexts, if that makes the whole output smaller
    #[arg(long, value_name = "S", value_parser = seconds, default_value_t = TRAIN_SECONDS)]
    train_seconds: f64,
    /// Do not decode the output for verification
    #[arg(long)]
    no_verify: bool,
    #[command(flatten)]
    pub output: OutputArguments,
    #[command(flatten)]
    many: Many,
    /// Files to compress; `-` is standard input
    #[arg(required_unless_present = "manifest", conflicts_with = "manifest", value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Compress {
    /// Compression of one file with a model, with defaults for everything else.
    pub fn new(model: PathBuf, file: PathBuf) -> Self {
        Self {
            model: Some(model),
            on: OnDevice::default(),
            embed_model: false,
            mix: false,
            no_mix: false,
            schema: None,
            datasets: false,
            layout: LayoutChoice::Auto,
            strict: false,
            block_size: None,
            effort: Effort::default(),
            train_seconds: TRAIN_SECONDS,
            no_verify: false,
            output: OutputArguments::default(),
            many: Many::default(),
            files: vec![file],
        }
    }

    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let target = |file: &Path| files::compressed_target(file, &self.output, files::EXTENSION);
        files::check_usage(&self.files, &self.output, target);
        many::check_usage(&self.many, &self.output);
        // Without a model there is nothing for a GPU to do.
        let device = if self.model.is_some() { &self.on.device } else { &Device::Cpu };
        let models = models::open_on(device, self.model.as_deref(), &self.files, common)?;
        let schema = self.schema.as_deref().map(read_schema).transpose()?;
        if let (Some(schema), Some(model), Some(path)) = (&schema, models.given(), &self.model)
            && !model.schema().same_records(schema)
            && !common.quiet
        {
            eprintln!(
                "vortex: {}: its schema differs from --schema; the schema of the model is used",
                path.display()
            );
        }
        let compressor = self.compressor(models.given(), schema, common);
        match &self.many.manifest {
            Some(manifest) => self.compress_many(manifest, &compressor, common),
            None => {
                let mut whole = true;
                files::for_each(&self.files, |file| {
                    whole &= self.compress_one(file, &target(file)?, &compressor, common)?;
                    Ok(())
                })?;
                if whole { Ok(()) } else { Err(Failure::Reported) }
            }
        }
    }

    /// Makes the output of one file. Returns whether no dataset was left out.
    fn compress_one(
        &self,
        file: &Path,
        target: &Target,
        compressor: &Compressor,
        common: &Common,
    ) -> Result<bool> {
        if self.datasets {
            return self.code_datasets(file, target, compressor, common);
        }
        let input = Input::open(file)?;
        let like = input.metadata.as_ref();
        let output = Output::open(target, Content::Compressed, self.output.force, like)
            .with_context(|| target.to_string())?;
        let (name, is_file, origin) = (input.name(), input.metadata.is_some(), input.origin());
        let sizes = if is_file && self.trains() {
            let (say, seconds) = (!common.quiet, self.train_seconds);
            own_network::encode(compressor, file, seconds, target, output, say)?
        } else {
            let bar = progress::bytes(input.len(), &name, !common.quiet);
            let sizes = encode(compressor, input, output, &bar)?;
            bar.finish_and_clear();
            sizes
        };
        if !common.quiet && (*target != Target::Stdout || common.verbose) {
            eprintln!("{name}: {sizes} => {target}");
        }
        if !common.quiet && is_file && is_packed(file) {
            eprintln!(
                "{name}: was coded byte for byte; --datasets codes the values inside: the result is \
                 smaller, and decompression gives a new file with the same values"
            );
        }
        input::check_unchanged(origin, sizes.original, target)?;
        Ok(true)
    }

    /// Whether networks of the files are trained.
    fn trains(&self) -> bool {
        self.model.is_none() && self.effort.level() == Level::SMALLEST
    }

    /// Whether the model is mixed with contexts.
    fn mix(&self) -> Mix {
        match (self.mix, self.no_mix) {
            (true, _) => Mix::Always,
            (_, true) => Mix::Never,
            _ => Mix::Auto,
        }
    }

    /// The compressor that the options describe.
    fn compressor(
        &self,
        model: Option<&TrainedModel>,
        schema: Option<Schema>,
        common: &Common,
    ) -> Compressor {
        let mut compressor = Compressor::new()
            .level(self.effort.level())
            .threads(common.threads())
            .verify(!self.no_verify)
            .embed_model(self.embed_model)
            .mix(self.mix());
        if let Some(bytes) = self.block_size {
            compressor = compressor.block_bytes(bytes);
        }
        if let Some(model) = model {
            compressor = compressor.model(model.clone());
        }
        match schema {
            Some(schema) => compressor.schema(schema),
            None => compressor,
        }
    }

    /// Prepares the datasets of a file in a folder beside the output, and compresses this folder.
    /// Returns whether none was left out.
    fn code_datasets(
        &self,
        file: &Path,
        target: &Target,
        compressor: &Compressor,
        common: &Common,
    ) -> Result<bool> {
        if file == Path::new("-") {
            bail!("--datasets reads a file in any order; name a file instead of standard input");
        }
        let metadata = input::open_file(file)?.metadata().context("cannot be read")?;
        let like = metadata.is_file().then_some(&metadata);
        let mut output = Output::open(target, Content::Compressed, self.output.force, like)
            .with_context(|| target.to_string())?;
        let scratch = match target {
            Target::Path(path) => Scratch::new(folder(path))?,
            Target::Stdout => Scratch::new(&std::env::temp_dir())?,
        };
        let bar = progress::bytes(None, &file.display().to_string(), !common.quiet);
        let options = DatasetOptions { layout: self.layout.fixed(), strict: self.strict };
        let mut on_bytes = |n| bar.inc(n);
        let (manifest, summary) = compressor.compress_datasets(
            file,
            &options,
            scratch.path(),
            &mut on_bytes,
            &mut output,
        )?;
        output.commit().with_context(|| target.to_string())?;
        bar.finish_and_clear();
        for source in &manifest.sources {
            report_unread(file, source, common);
        }
        if !common.quiet && (*target != Target::Stdout || common.verbose) {
            let values: u64 = manifest.streams().map(|s| s.bytes).sum();
            let n: usize = manifest.sources.iter().map(|s| s.datasets.len()).sum();
            let (name, compressed) = (file.display(), summary.compressed_bytes);
            eprintln!(
                "{name}: {} bytes with {} of values in {n} datasets -> {} bytes ({:.1} % of the \
                 file, {:.3} bits/byte of values) => {target}",
                thousands(metadata.len()),
                thousands(values),
                thousands(compressed),
                compressed as f64 * 100.0 / metadata.len().max(1) as f64,
                compressed as f64 * 8.0 / values.max(1) as f64,
            );
        }
        Ok(manifest.is_whole())
    }
}

/// Compresses the input. The output gets its final name when it is complete and decodes to the same
/// bytes.
fn encode(
    compressor: &Compressor,
    input: Input,
    mut output: Output,
    bar: &indicatif::ProgressBar,
) -> Result<Sizes> {
    let reader = bar.wrap_read(input.reader);
    let summary = match (&input.path, &input.metadata) {
        (Some(path), Some(_)) => {
            let plan = compressor.plan(Subject::File(path))?;
            compressor.compress_as(&plan, reader, &mut output)?
        }
        _ => compressor.compress(reader, &mut output)?,
    };
    output.commit().context("the output")?;
    Ok(Sizes { original: summary.original_bytes, compressed: summary.compressed_bytes })
}

/// Whether the values inside a file are compressed.
fn is_packed(file: &Path) -> bool {
    format_of(file).is_ok_and(Format::has_values_inside)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use clap::Parser;
    use vortex_codec::coder::{
        BlockCoder, Cdf, Coding, Identity, LaneCoder, Model, Predictor, RecordLayout,
    };

    use super::*;
    use crate::commands::{Arguments, Command};

    /// A model whose predictors differ, as on a processor that computes wrong numbers.
    struct Unsteady {
        layout: RecordLayout,
        made: AtomicU32,
        steady: bool,
    }

    impl Model for Unsteady {
        fn identity(&self) -> Identity {
            Identity::Network([7; 32])
        }
        fn layout(&self) -> &RecordLayout {
            &self.layout
        }
        fn coder(&self) -> Box<dyn BlockCoder + '_> {
            let made = self.made.fetch_add(1, Ordering::Relaxed);
            let favourite = Box::new(Favourite(if self.steady { 0 } else { made }));
            Box::new(LaneCoder::new(&self.layout, favourite))
        }
    }

    /// Gives one byte a higher probability than all others.
    struct Favourite(u32);

    impl Predictor for Favourite {
        fn begin(&mut self, _lanes: usize) {}
        fn predict(&mut self, active: usize, out: &mut [Cdf]) -> Coding {
            let mut weights = [1; 256];
            weights[self.0 as usize % 256] = 1000;
            out[..active].iter_mut().for_each(|cdf| cdf.set_weights(&weights));
            Coding::Modelled
        }
        fn update(&mut self, _symbols: &[u8]) {}
    }

    fn compress(folder: &Path, steady: bool, extra: &[&str]) -> Result<Sizes> {
        let data = folder.join("data");
        let mut noise = 1u32;
        let bytes: Vec<u8> = (0..40_000)
            .map(|_| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if noise >> 30 == 0 { (noise >> 16) as u8 } else { 0 }
            })
            .collect();
        std::fs::write(&data, bytes)?;
        let target = folder.join("data.vxc");
        let arguments = ["vortex", "compress", "-f", "-q"];
        let arguments = arguments.iter().chain(extra).copied().chain(["data"]);
        let parsed = Arguments::try_parse_from(arguments)?;
        let Command::Compress(command) = parsed.command else { bail!("another command") };
        let made = AtomicU32::new(0);
        let model = Unsteady { layout: RecordLayout::new(Schema::bytes()), made, steady };
        let model = TrainedModel::of(Arc::new(model))?;
        let compressor = command.compressor(Some(&model), None, &parsed.common);
        let compressor = compressor.block_bytes(1 << 14).threads(1);
        let output = Output::open(&Target::Path(target), Content::Compressed, true, None)?;
        let bar = progress::bytes(None, "", false);
        encode(&compressor, Input::open(&data)?, output, &bar)
    }

    #[test]
    fn an_output_that_does_not_decode_gets_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("data.vxc");
        let error = format!("{:#}", compress(folder.path(), false, &[]).unwrap_err());
        assert!(error.contains("do not use the output"), "{error}");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "only the data");
        // An older output is unchanged.
        std::fs::write(&target, b"older").unwrap();
        assert!(compress(folder.path(), false, &[]).is_err());
        assert_eq!(std::fs::read(&target).unwrap(), b"older");
        // Without verification the error remains unnoticed; with a correct predictor there is no
        // error.
        compress(folder.path(), false, &["--no-verify"]).unwrap();
        let sizes = compress(folder.path(), true, &[]).unwrap();
        assert!(sizes.compressed < sizes.original / 2, "{sizes}");
        assert_eq!(std::fs::metadata(&target).unwrap().len(), sizes.compressed);
    }
}
