//! A network that is trained on the file to compress, and stored in it.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use vortex_coder::Schema;
use vortex_coder::container::Summary;
use vortex_data::RecordSet;
use vortex_train::{DeviceChoice, TrainConfig, TrainEvent, TrainObserver, train_with};

use crate::compressor::{Compressor, unreadable};
use crate::error::{Error, ErrorKind, Result};
use crate::mix::Mix;
use crate::models::TrainedModel;
use crate::plan::Subject;

/// Shorter files are smaller than a network.
const LEAST_BYTES: u64 = 256 << 10;
/// Shares of the records for training and for validation, which chooses the best weights.
const SPLIT: (u32, u32) = (9, 1);

/// How a network is trained on a file.
pub struct OwnNetwork<'a> {
    /// Seconds of training; the last measurements come on top.
    pub seconds: f64,
    /// An empty folder with space for the training and for two compressed files.
    pub scratch: &'a Path,
    /// Gets each step, and the events of the training.
    pub on_step: &'a mut dyn FnMut(Step<'_>),
}

/// What is being done.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// The file is coded without a network.
    Without,
    /// A network is trained.
    Training(&'a TrainEvent),
    /// The file is coded with the network.
    With,
}

/// Passes the events of a training on.
struct Events<'a>(&'a mut dyn FnMut(Step<'_>));

impl TrainObserver for Events<'_> {
    fn event(&mut self, event: &TrainEvent) {
        (self.0)(Step::Training(event));
    }
}

/// What came of the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The file is shorter than 256 KiB, or it holds no records of one kind: nothing was trained.
    NotTried,
    /// The whole file is smaller with the network, which is stored in it.
    Kept {
        /// Bytes of the network's model file.
        model: u64,
        /// Bytes of the compressed file without a network.
        without: u64,
    },
    /// The file is written without a network, because it would be larger with it.
    Dropped {
        /// Bytes of the compressed file with the network.
        with: u64,
    },
    /// The file is written without a network, because none could be trained; the reason.
    Failed(String),
}

impl Compressor {
    /// Compresses a file with a network that is trained on it, mixed with contexts and stored in
    /// the output, if the whole output is smaller that way; otherwise as
    /// [`Compressor::compress_file`] does.
    ///
    /// # Errors
    /// As [`Compressor::compress`], and [`crate::ErrorKind::Training`].
    pub fn compress_with_own_network(
        &self,
        file: &Path,
        mut own: OwnNetwork<'_>,
        mut output: impl Write,
    ) -> Result<(Summary, Outcome)> {
        let at = |error: io::Error| Error::from(error).context(file.display());
        let open = || File::open(file).map_err(at);
        let plan = self.plan(Subject::File(file))?;
        let bytes = open()?.metadata().map_err(at)?.len();
        let several = plan.parts.len() > 1;
        if several || *plan.schema() == Schema::bytes() || bytes < LEAST_BYTES {
            let summary = self.compress_as(&plan, open()?, output)?;
            return Ok((summary, Outcome::NotTried));
        }
        let [path_without, path_with] = ["without.vxc", "with.vxc"].map(|n| own.scratch.join(n));
        (own.on_step)(Step::Without);
        let without = self.compress_as(&plan, open()?, create(&path_without)?)?;
        let trained = self.train_on(file, plan.schema(), &mut own);
        let mut write = |path: &Path| -> Result<()> {
            io::copy(&mut File::open(path).map_err(unreadable)?, &mut output)?;
            Ok(())
        };
        let model = match trained {
            Ok(model) => model,
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Err(error) => {
                write(&path_without)?;
                return Ok((without, Outcome::Failed(error.to_string())));
            }
        };
        (own.on_step)(Step::With);
        let mut mixing = self.clone().model(model.clone()).mix(Mix::Always).embed_model(true);
        // The progress is that of the first way.
        mixing.on_block = None;
        let with =
            mixing.compress_as(&mixing.plan(Subject::File(file))?, open()?, create(&path_with)?)?;
        let kept = with.compressed_bytes < without.compressed_bytes;
        let chosen = if kept { &path_with } else { &path_without };
        write(chosen)?;
        Ok(if kept {
            let model = model.bytes().map_or(0, <[u8]>::len) as u64;
            (with, Outcome::Kept { model, without: without.compressed_bytes })
        } else {
            (without, Outcome::Dropped { with: with.compressed_bytes })
        })
    }

    /// A network for the records of a file.
    fn train_on(
        &self,
        file: &Path,
        schema: &Schema,
        own: &mut OwnNetwork<'_>,
    ) -> Result<TrainedModel> {
        let mut config = TrainConfig { threads: self.threads, ..TrainConfig::default() };
        config.budget.max_seconds = Some(own.seconds);
        (config.split.train, config.split.validation) = SPLIT;
        config.split.test = 0;
        // The plan has found the laws.
        config.search.decimals = false;
        config.search.laws = false;
        config.search.deltas = false;
        let records = RecordSet::open(schema.clone(), &[file])?;
        let cancel = self.cancel.clone().unwrap_or_else(|| Arc::new(AtomicBool::new(false)));
        let run = own.scratch.join("run");
        let cpu = DeviceChoice::Cpu.into();
        let mut events = Events(own.on_step);
        let trained = train_with(&cpu, &config, &records, &run, &mut events, &cancel, false)?;
        let stopped = || Error::new(ErrorKind::Cancelled, "stopped on request");
        let model = trained.model.ok_or_else(stopped)?;
        TrainedModel::open(model.path)
    }
}

fn create(path: &Path) -> Result<File> {
    File::create(path).map_err(|error| Error::from(error).context(path.display()))
}
