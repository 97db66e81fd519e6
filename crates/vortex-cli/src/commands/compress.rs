//! `vortex compress`

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use vortex_coder::adaptive::AdaptiveModel;
use vortex_coder::{Model, Schema};
use vortex_data::detect::{DETECTION_WINDOW, detect};
use vortex_data::sidecar::{read_schema, schema_of};
use vortex_sources::prepare::{LayoutRule, PrepareOptions, prepare};
use vortex_sources::{Format, format_of, segments};

use super::files;
use super::prepare::{LayoutChoice, report_unread};
use crate::archive::{self, Scratch};
use crate::arguments::{Common, OutputArguments, block_size};
use crate::codec::{self, Encoding};
use crate::failure::Failure;
use crate::input::{self, Input};
use crate::models::Models;
use crate::output::{Content, Output, Target, folder};
use crate::progress;
use crate::report::sizes::Sizes;
use crate::report::table::thousands;
use crate::verify::{Hashing, Tee, Verifier};

/// Compress files to FILE.vxc.
///
/// Decompressing gives back the same bytes, whatever the file is. Each output is decoded again and
/// compared before it gets its name. Without -m a built-in predictor is used that learns as it
/// goes.
///
/// With --datasets, the values inside an HDF5, npz, ROOT or tar.gz file are coded and not its
/// bytes, which are packed already: much smaller, but decompressing gives a file with the same
/// values, written anew.
#[derive(Debug, Args)]
pub struct Compress {
    /// Model file to predict with
    #[arg(short = 'm', long = "model", value_name = "M")]
    model: Option<PathBuf>,
    /// Put the model into the output, so that decoding needs nothing else
    #[arg(long, requires = "model")]
    embed_model: bool,
    /// What a record is, as .schema.yaml or .json; otherwise FILE.schema.yaml, or found in the data
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Code the datasets inside a file: the values come back bit for bit, the file is written anew
    #[arg(long, conflicts_with = "schema")]
    datasets: bool,
    /// With --datasets: how records lie in their streams
    #[arg(long, value_enum, default_value_t = LayoutChoice::Auto, requires = "datasets")]
    layout: LayoutChoice,
    /// Bytes coded on their own: the unit of random access and of threads
    #[arg(long, value_name = "SIZE", value_parser = block_size, default_value = "1MiB")]
    block_size: usize,
    /// Do not decode the output to compare it
    #[arg(long)]
    no_verify: bool,
    #[command(flatten)]
    output: OutputArguments,
    /// Files to compress; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Compress {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let target = |file: &Path| files::compressed_target(file, &self.output, files::EXTENSION);
        files::check_usage(&self.files, &self.output, target);
        let models = Arc::new(Models::open(self.model.as_deref(), common.level)?);
        let given = self.schema.as_deref().map(read_schema).transpose()?;
        if let (Some(schema), Some(model), Some(path)) = (&given, models.given(), &self.model)
            && !model.layout().schema().same_records(schema)
            && !common.quiet
        {
            eprintln!(
                "vortex: {}: has another schema than --schema names; the model's is used",
                path.display()
            );
        }
        files::for_each(&self.files, |file| {
            let target = target(file)?;
            if self.datasets {
                return self.code_datasets(file, &target, &models, common);
            }
            let mut input = Input::open(file)?;
            let like = input.metadata.as_ref();
            let output = Output::open(&target, Content::Compressed, self.output.force, like)
                .with_context(|| target.to_string())?;
            let bar = progress::bytes(input.len(), &input.name(), !common.quiet);
            let parts = match (models.given(), &given) {
                (Some(model), _) => vec![(u64::MAX, self.encoding(model, &models, common))],
                (None, Some(schema)) => vec![(u64::MAX, self.built_in(schema.clone(), common))],
                (None, None) => {
                    let parts = parts_of(&mut input)?;
                    parts.into_iter().map(|(n, s)| (n, self.built_in(s, common))).collect()
                }
            };
            let sizes = self.encode(&mut input, output, &models, &parts, &bar)?;
            bar.finish_and_clear();
            if !common.quiet && (target != Target::Stdout || common.verbose) {
                eprintln!("{}: {} => {target}", input.name(), sizes);
            }
            if !common.quiet && input.metadata.is_some() && is_packed(file) {
                eprintln!(
                    "{}: was coded byte for byte; --datasets codes the values inside: smaller, and \
                     the same values come back in a file written anew",
                    input.name()
                );
            }
            Ok(())
        })
    }

    fn encoding(&self, model: Arc<dyn Model>, models: &Models, common: &Common) -> Encoding {
        let embedded = if self.embed_model { models.given_bytes() } else { None };
        let (block_bytes, threads) = (self.block_size, common.threads());
        Encoding { model, embedded, block_bytes, threads }
    }

    fn built_in(&self, schema: Schema, common: &Common) -> Encoding {
        let model = Arc::new(AdaptiveModel::new(schema));
        let (block_bytes, threads) = (self.block_size, common.threads());
        Encoding { model, embedded: None, block_bytes, threads }
    }

    /// Prepares the datasets of a file beside the output and packs what was prepared.
    fn code_datasets(
        &self,
        file: &Path,
        target: &Target,
        models: &Arc<Models>,
        common: &Common,
    ) -> Result<()> {
        if file == Path::new("-") {
            bail!("--datasets reads a file back and forth; name one");
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
        let auto = match models.given() {
            Some(model) => LayoutRule::Model(model.layout().schema().clone()),
            None => LayoutRule::Coding,
        };
        let options = PrepareOptions { layout: self.layout.rule(auto), ..Default::default() };
        let inputs = [file.to_owned()];
        let manifest = prepare(&inputs, scratch.path(), &options, &mut |n| bar.inc(n))?;
        let encoding = match models.given() {
            Some(model) => self.encoding(model, models, common),
            None => self.built_in(Schema::bytes(), common),
        };
        let verifier = self.verifier(models, encoding.threads);
        let mut tee = Tee { output: &mut output, verifier, bytes: 0 };
        let (_, digest) = archive::pack(&manifest, scratch.path(), &mut tee, &encoding)?;
        tee.finish(digest)?;
        let compressed = tee.bytes;
        output.commit().with_context(|| target.to_string())?;
        bar.finish_and_clear();
        for source in &manifest.sources {
            report_unread(file, source, common);
        }
        if !common.quiet && (*target != Target::Stdout || common.verbose) {
            let values: u64 = manifest.streams().map(|s| s.bytes).sum();
            let n: usize = manifest.sources.iter().map(|s| s.datasets.len()).sum();
            let name = file.display();
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
        Ok(())
    }

    fn verifier(&self, models: &Arc<Models>, threads: usize) -> Option<Verifier> {
        (!self.no_verify).then(|| {
            let models = Arc::clone(models);
            Verifier::start(move |input, output| {
                codec::decode(input, output, models.search(None), threads)?;
                Ok(())
            })
        })
    }

    /// Codes the parts of the input, each a member, one after the other. The output gets its name
    /// when it was found to decode to the same bytes.
    fn encode(
        &self,
        input: &mut Input,
        output: Output,
        models: &Arc<Models>,
        parts: &[(u64, Encoding)],
        bar: &indicatif::ProgressBar,
    ) -> Result<Sizes> {
        let threads = parts.first().map_or(1, |(_, encoding)| encoding.threads);
        let verifier = self.verifier(models, threads);
        let mut tee = Tee { output, verifier, bytes: 0 };
        let mut original = Hashing::new(bar.wrap_read(&mut input.reader));
        for (number, (len, encoding)) in parts.iter().enumerate() {
            // A file that grew meanwhile is taken as it is now.
            let len = if number + 1 == parts.len() { u64::MAX } else { *len };
            codec::encode(&mut (&mut original).take(len), &mut tee, encoding)?;
        }
        tee.finish(original.digest.finalize())?;
        tee.output.commit().context("the output")?;
        Ok(Sizes { original: original.bytes, compressed: tee.bytes })
    }
}

/// Shortest file that is coded in parts: a further member takes some 300 bytes.
const MIN_PARTED_BYTES: u64 = 64 << 10;

/// The parts of a file whose format is known, or all of it with one schema.
fn parts_of(input: &mut Input) -> Result<Vec<(u64, Schema)>> {
    if let (Some(path), Some(_)) = (&input.path, &input.metadata)
        && input.len() >= Some(MIN_PARTED_BYTES)
        && let Some(parts) = segments(path).filter(|parts| !parts.is_empty())
    {
        return Ok(parts);
    }
    Ok(vec![(u64::MAX, schema_for(input)?)])
}

/// Whether a file holds values that are packed inside.
fn is_packed(file: &Path) -> bool {
    format_of(file).is_ok_and(Format::has_values_inside)
}

/// The schema beside a file, or what its first bytes look like. From a pipe they are put back.
fn schema_for(input: &mut Input) -> Result<Schema> {
    if let (Some(path), Some(_)) = (&input.path, &input.metadata) {
        return Ok(schema_of(path, None)?.0);
    }
    Ok(detect(&input.head(DETECTION_WINDOW)?).schema)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use clap::Parser;
    use vortex_coder::{Cdf, Coding, Predictor, RecordLayout};

    use super::*;
    use crate::arguments::{Arguments, Command};

    /// A model whose predictors differ: as on a processor that computes wrong numbers.
    struct Unsteady {
        layout: RecordLayout,
        made: AtomicU32,
        steady: bool,
    }

    impl Model for Unsteady {
        fn layout(&self) -> &RecordLayout {
            &self.layout
        }
        fn digest(&self) -> Option<[u8; 32]> {
            Some([7; 32])
        }
        fn predictor(&self) -> Box<dyn Predictor + '_> {
            let made = self.made.fetch_add(1, Ordering::Relaxed);
            Box::new(Favourite(if self.steady { 0 } else { made }))
        }
    }

    /// Expects one byte before all others.
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
        let model: Arc<dyn Model> =
            Arc::new(Unsteady { layout: RecordLayout::new(Schema::bytes()), made, steady });
        let models = Arc::new(Models::of(Arc::clone(&model)));
        let encoding = Encoding { model, embedded: None, block_bytes: 1 << 14, threads: 1 };
        let mut input = Input::open(&data)?;
        let output = Output::open(&Target::Path(target), Content::Compressed, true, None)?;
        let bar = progress::bytes(None, "", false);
        command.encode(&mut input, output, &models, &[(u64::MAX, encoding)], &bar)
    }

    #[test]
    fn an_output_that_does_not_decode_gets_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("data.vxc");
        let error = format!("{:#}", compress(folder.path(), false, &[]).unwrap_err());
        assert!(error.contains("not to be trusted"), "{error}");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "only the data");
        // An older output stays as it was.
        std::fs::write(&target, b"older").unwrap();
        assert!(compress(folder.path(), false, &[]).is_err());
        assert_eq!(std::fs::read(&target).unwrap(), b"older");
        // Without verification nobody would have noticed; with a sound predictor all is well.
        compress(folder.path(), false, &["--no-verify"]).unwrap();
        let sizes = compress(folder.path(), true, &[]).unwrap();
        assert!(sizes.compressed < sizes.original / 2, "{sizes}");
        assert_eq!(std::fs::metadata(&target).unwrap().len(), sizes.compressed);
    }
}
