//! `vortex compress-weights`

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use vortex_codec::weights::{Contents, DType, Level, Options, compress};

use super::files;
use crate::arguments::{Common, OutputArguments, chunk_size};
use crate::failure::Failure;
use crate::input::{Input, check_unchanged};
use crate::output::{Content, Output, Target};
use crate::progress;
use vortex_report::sizes::Sizes;

/// Compress weights of networks (safetensors) to FILE.vxw.
///
/// A file is a safetensors file or, with --dtype, bare values of one type. Decompression gives back
/// the same bytes: header, metadata, order, NaN payloads. Each output is decoded again and compared
/// before it gets its final name.
///
/// With --base, tensors of the same name, type and length are stored as differences from another
/// checkpoint, if that is shorter. Decompression then needs the same checkpoint file.
#[derive(Debug, Args)]
pub struct CompressWeights {
    /// Base checkpoint from which differences are stored, such as the previous checkpoint or the
    /// one before fine-tuning
    #[arg(long, value_name = "FILE")]
    base: Option<PathBuf>,
    /// The files hold bare values of this type: f64, f32, bf16, f16, f8_e4m3, f8_e5m2, i64 ... u8,
    /// bool, bytes
    #[arg(long, value_name = "TYPE", value_parser = dtype)]
    dtype: Option<DType>,
    /// How much time to spend on a smaller size
    #[arg(long, value_enum, default_value_t = Effort::Default)]
    effort: Effort,
    /// Longest chunk; chunks are coded independently and are the unit of threads and of memory
    #[arg(long, value_name = "SIZE", value_parser = chunk_size, default_value = "1MiB")]
    chunk_size: usize,
    /// Do not decode the output for verification
    #[arg(long)]
    no_verify: bool,
    #[command(flatten)]
    output: OutputArguments,
    /// Files to compress; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// How much time to spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Effort {
    /// Prefix codes only.
    Fast,
    /// Also searches for repeated values, first in samples.
    Default,
    /// Tries all methods on all data.
    Best,
}

fn dtype(name: &str) -> Result<DType, String> {
    DType::parse(name).ok_or_else(|| {
        let names: Vec<_> = DType::ALL.iter().map(|d| d.name().to_lowercase()).collect();
        format!("not a type; the types are {}", names.join(", "))
    })
}

impl CompressWeights {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let target =
            |file: &Path| files::compressed_target(file, &self.output, files::WEIGHTS_EXTENSION);
        files::check_usage(&self.files, &self.output, target);
        let contents = self.dtype.map_or(Contents::Safetensors, Contents::Raw);
        let level = match self.effort {
            Effort::Fast => Level::Fast,
            Effort::Default => Level::Default,
            Effort::Best => Level::Best,
        };
        let options = Options { level, chunk_bytes: self.chunk_size, threads: common.threads() };
        files::for_each(&self.files, |file| {
            let target = target(file)?;
            let input = Input::open(file)?;
            let like = input.metadata.as_ref();
            let mut output = Output::open(&target, Content::Compressed, self.output.force, like)
                .with_context(|| target.to_string())?;
            let bar = progress::bytes(input.len(), &input.name(), !common.quiet);
            let (name, base, origin) = (input.name(), self.base.as_deref(), input.origin());
            let reader = bar.wrap_read(input.reader);
            let summary = compress(reader, &mut output, contents, base, &options, !self.no_verify)?;
            let sizes = Sizes { original: summary.original_bytes, compressed: summary.file_bytes };
            output.commit().with_context(|| target.to_string())?;
            bar.finish_and_clear();
            if !common.quiet && (target != Target::Stdout || common.verbose) {
                eprintln!("{name}: {sizes} => {target}");
            }
            check_unchanged(origin, sizes.original, &target)
        })
    }
}
