//! `vortex import-checkpoint`

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use vortex_codec::data::RecordSet;
use vortex_codec::data::sidecar::read_schema;
use vortex_codec::train::TrainConfig;
use vortex_codec::train::import::{ImportedRun, Options, Prototype, default_config};

use super::train::holds_run;
use crate::arguments::Common;
use crate::failure::Failure;
use crate::input;
use crate::report::table::thousands;

/// Take over a PyTorch checkpoint of the Python prototype.
///
/// Reads the state dict of a CompressiveTransformer or an OptimisedCompressiveTransformer and writes RUN with a
/// checkpoint that `vortex train --resume` goes on from; with --data also RUN/model.vxm, to compress with at
/// once. The logits are those of the prototype called without memories. docs/checkpoints.md has the details.
#[derive(Debug, Args)]
pub struct ImportCheckpoint {
    /// Checkpoint, as torch.save wrote it
    #[arg(value_name = "FILE.pt")]
    checkpoint: PathBuf,
    /// Folder of the run to write
    #[arg(short, long, value_name = "RUN")]
    out: PathBuf,
    /// Configuration of the training that follows; its model.window (else 512) is the attention's, and its
    /// model.n_heads counts where the checkpoint does not tell
    #[arg(long, value_name = "C")]
    config: Option<PathBuf>,
    /// What a record is; only its length matters, as the model knows bytes alone [default: 1 byte, or 4
    /// where the checkpoint has a typed embedding]
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Data to choose the integer network's ranges on, of one kind with what will be compressed
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
            None => eprintln!("{out}: no model.vxm yet: name --data, or train"),
        }
        eprintln!(
            "go on with: vortex train --resume --config {out}/config.yaml --schema {} --out {out} --data FILE",
            run.schema_file().display()
        );
        Ok(())
    }

    fn export(&self, run: &ImportedRun) -> Result<String> {
        let data = RecordSet::open(run.schema().clone(), &self.data)?;
        if data.n_records() == 0 {
            bail!("{}: no whole record of {} bytes", self.data[0].display(), run.schema().stride());
        }
        let model = run.export(&data)?;
        let [size, measured] = [model.bytes, model.measured_bytes].map(thousands);
        let bits = model.bits_per_byte;
        let path = model.path.display();
        Ok(format!("{path}: {size} bytes; {bits:.4} bits/byte on {measured} held-out bytes"))
    }
}
