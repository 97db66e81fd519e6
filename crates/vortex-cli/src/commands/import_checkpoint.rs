//! `vortex import-checkpoint`

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use vortex_codec::data::RecordSet;
use vortex_codec::data::sidecar::read_schema;
use vortex_codec::train::TrainConfig;
use vortex_codec::train::import::{ImportedRun, Options, Prototype, default_config};
use vortex_codec::training::holds_run;

use crate::arguments::Common;
use crate::failure::Failure;
use crate::input;
use vortex_report::table::thousands;

/// Import a PyTorch checkpoint of the Python prototype.
///
/// Reads the state dict of a CompressiveTransformer or an OptimisedCompressiveTransformer and
/// writes RUN with a checkpoint from which `vortex train --resume` continues; with --data also
/// RUN/model.vxm, which can compress at once. The logits are those of the prototype called without
/// memories. docs/checkpoints.md has the details.
#[derive(Debug, Args)]
pub struct ImportCheckpoint {
    /// Checkpoint, as torch.save wrote it
    #[arg(value_name = "FILE.pt")]
    checkpoint: PathBuf,
    /// Folder of the run to write
    #[arg(short, long, value_name = "RUN")]
    out: PathBuf,
    /// Configuration of the later training; its model.window (default 512) sets the attention
    /// window, and its model.n_heads is used if the checkpoint does not give the number of heads
    #[arg(long, value_name = "C")]
    config: Option<PathBuf>,
    /// Description of the records; only their length matters, because the model works on bytes
    /// [default: 1 byte, or 4 if the checkpoint has a typed embedding]
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Data for choosing the ranges of the integer network, of the same kind as the data to
    /// compress
    #[arg(long, value_name = "FILE", num_args = 1..)]
    data: Vec<PathBuf>,
    /// Replace the run in RUN
    #[arg(short, long)]
    force: bool,
}

impl ImportCheckpoint {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        if holds_run(&self.out) && !self.force {
            let message = "holds a run already; choose another --out, or use --force";
            return Err(anyhow::anyhow!("{}: {message}", self.out.display()).into());
        }
        for file in self.data.iter().chain([&self.checkpoint]) {
            input::open_file(file).with_context(|| file.display().to_string())?;
        }
        let config = match &self.config {
            Some(path) => TrainConfig::read(path)?,
            None => default_config(),
        };
        let schema = self.schema.as_deref().map(read_schema).transpose()?;
        let options = Options {
            window: config.model.window,
            heads: self.config.is_some().then_some(config.model.n_heads),
            stride: schema.map(|schema| schema.stride()),
        };
        let prototype = Prototype::open(&self.checkpoint, &options)?;
        let left_out = prototype.left_out().len();
        let run = ImportedRun::create(prototype, &config, &self.out)?;
        let exported = if self.data.is_empty() { None } else { Some(self.export(&run)?) };
        if common.quiet {
            return Ok(());
        }
        let (out, model) = (self.out.display(), &run.config().model);
        let [d, layers, heads, ff] = [model.d_model, model.n_layers, model.n_heads, model.d_ff];
        eprintln!("{out}: {layers} layers of width {d}, {heads} heads, feed-forward width {ff}");
        if left_out > 0 {
            eprintln!(
                "{out}: the memory ({left_out} tensors) is left out: see docs/checkpoints.md"
            );
        }
        match exported {
            Some(line) => eprintln!("{line}"),
            None => eprintln!("{out}: no model.vxm yet; give --data, or train"),
        }
        eprintln!(
            "continue with: vortex train --resume --config {out}/config.yaml --schema {} --out {out} --data FILE",
            run.schema_file().display()
        );
        Ok(())
    }

    fn export(&self, run: &ImportedRun) -> Result<String> {
        let data = RecordSet::open(run.schema().clone(), &self.data)?;
        if data.n_records() == 0 {
            bail!(
                "{}: is shorter than one record of {} bytes",
                self.data[0].display(),
                run.schema().stride()
            );
        }
        let model = run.export(&data)?;
        let [size, measured] = [model.bytes, model.measured_bytes].map(thousands);
        let bits = model.bits_per_byte;
        let path = model.path.display();
        Ok(format!("{path}: {size} bytes; {bits:.4} bits/byte on {measured} held-out bytes"))
    }
}
