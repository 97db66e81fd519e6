//! `vortex compress`

use std::io::{Cursor, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use vortex_coder::adaptive::AdaptiveModel;
use vortex_coder::{Model, Schema};
use vortex_data::detect::{DETECTION_WINDOW, detect};
use vortex_data::sidecar::{read_schema, schema_of};

use super::files;
use crate::arguments::{Common, OutputArguments, size};
use crate::codec::{self, Encoding};
use crate::failure::Failure;
use crate::input::{self, Input};
use crate::models::Models;
use crate::output::{Content, Output, Target};
use crate::progress;
use crate::report::table::thousands;
use crate::verify::{Hashing, Tee, Verifier};

/// Compress files to FILE.vxc.
///
/// Each output is decoded again and compared before it gets its name. Without -m a built-in
/// predictor is used that learns as it goes.
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
    /// Bytes coded on their own: the unit of random access and of threads
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "1MiB")]
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
        files::check_usage(&self.files, &self.output);
        let models = Arc::new(Models::open(self.model.as_deref(), common.level)?);
        let given = self.schema.as_deref().map(read_schema).transpose()?;
        if let (Some(schema), Some(model), Some(path)) = (&given, models.given(), &self.model)
            && model.layout().schema() != schema
            && !common.quiet
        {
            eprintln!(
                "vortex: {}: has another schema than --schema names; the model's is used",
                path.display()
            );
        }
        files::for_each(&self.files, |file| {
            let target = files::target(file, &self.output, files::compressed_name)?;
            let mut output = Output::open(&target, Content::Compressed, self.output.force)
                .with_context(|| target.to_string())?;
            let mut input = Input::open(file)?;
            let bar = progress::bytes(input.len(), &input.name(), !common.quiet);
            let model: Arc<dyn Model> = match models.given() {
                Some(model) => model,
                None => {
                    let schema = match &given {
                        Some(schema) => schema.clone(),
                        None => schema_for(&mut input)?,
                    };
                    Arc::new(AdaptiveModel::new(schema))
                }
            };
            let embedded = if self.embed_model { models.given_bytes() } else { None };
            let encoding = Encoding {
                model,
                embedded,
                block_bytes: self.block_size,
                threads: common.threads(),
            };
            let sizes = self.encode(&mut input, &mut output, &models, &encoding, &bar)?;
            output.commit(input.metadata.as_ref()).with_context(|| target.to_string())?;
            bar.finish_and_clear();
            if !common.quiet && (target != Target::Stdout || common.verbose) {
                eprintln!("{}: {} => {target}", input.name(), sizes);
            }
            Ok(())
        })
    }

    fn encode(
        &self,
        input: &mut Input,
        output: &mut Output,
        models: &Arc<Models>,
        encoding: &Encoding,
        bar: &indicatif::ProgressBar,
    ) -> Result<Sizes> {
        let verifier = (!self.no_verify).then(|| {
            let (models, threads) = (Arc::clone(models), encoding.threads);
            Verifier::start(move |input, output| {
                codec::decode(input, output, models.search(None), threads)?;
                Ok(())
            })
        });
        let mut tee = Tee { output, verifier, bytes: 0 };
        let mut original = Hashing::new(bar.wrap_read(&mut input.reader));
        codec::encode(&mut original, &mut tee, encoding)?;
        tee.flush().context("cannot be written")?;
        if let Some(verifier) = tee.verifier.take() {
            verifier.finish(original.digest.finalize())?;
        }
        Ok(Sizes { original: original.bytes, compressed: tee.bytes })
    }
}

/// The schema beside a file, or what its first bytes look like. From a pipe they are put back.
fn schema_for(input: &mut Input) -> Result<Schema> {
    if let (Some(path), Some(_)) = (&input.path, &input.metadata) {
        return Ok(schema_of(path, None)?.0);
    }
    let mut head = vec![0; DETECTION_WINDOW];
    let n = input::fill(&mut input.reader, &mut head).context("cannot be read")?;
    head.truncate(n);
    let schema = detect(&head).schema;
    let rest = std::mem::replace(&mut input.reader, Box::new(std::io::empty()));
    input.reader = Box::new(Cursor::new(head).chain(rest));
    Ok(schema)
}

struct Sizes {
    original: u64,
    compressed: u64,
}

impl std::fmt::Display for Sizes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} -> {} bytes", thousands(self.original), thousands(self.compressed))?;
        if self.original > 0 {
            let ratio = self.compressed as f64 / self.original as f64;
            write!(f, " ({:.1} %, {:.3} bits/byte)", ratio * 100.0, ratio * 8.0)?;
        }
        Ok(())
    }
}
