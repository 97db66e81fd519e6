//! `vortex train`

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use vortex_codec::data::RecordSet;
use vortex_codec::train::{
    DeviceChoice, Devices, REPORT, Silent, TrainConfig, TrainEvent, TrainObserver, train_with,
};
use vortex_codec::training::{holds_run, same_records};

use crate::arguments::{Common, seconds};
use crate::failure::Failure;
use crate::scoreboard::{Board, Lines};
use crate::weighted::Weighted;
use crate::{input, interrupt};
use vortex_report::table::thousands;

mod page;

/// Train a model on data files.
///
/// Writes RUN/model.vxm, and beside it the complete configuration, checkpoints, figures and a page
/// about the run, report.html. The
/// first 80 % of the records are used for training and the next 10 % for validation (`split` of the
/// configuration); the last 10 % are never read. The first Ctrl-C ends the training and writes a
/// checkpoint; --resume continues from it.
#[derive(Debug, Args)]
pub struct Train {
    /// Configuration, such as configs/cpu_small.yaml
    #[arg(long, value_name = "C")]
    config: PathBuf,
    /// Data files with the same records; FILE:2 is used twice as often as FILE:1
    #[arg(long, value_name = "FILE[:WEIGHT]", required = true, num_args = 1..)]
    data: Vec<Weighted>,
    /// Folder of the run
    #[arg(long, value_name = "RUN")]
    out: PathBuf,
    /// Description of the records, as .schema.yaml or .json; without it, the schema beside the data
    /// is used, or the records are detected
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Seconds of training; overrides the configuration
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub seconds: Option<f64>,
    /// Device to train on: cpu, cuda, cuda:N, rocm, rocm:N, or auto (the first GPU that works, else
    /// the CPU). Several GPUs of one kind share each step: cuda:0,cuda:1. GPUs need a build with
    /// --features cuda or rocm
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: Devices,
    /// Continue the run in RUN
    #[arg(long, conflicts_with = "force")]
    resume: bool,
    /// Replace an existing run in RUN
    #[arg(short, long)]
    pub force: bool,
}

/// Passes everything on and keeps the held-out records, for the page.
struct Keeping<'a> {
    inner: &'a mut dyn TrainObserver,
    held_out: Vec<u8>,
}

impl TrainObserver for Keeping<'_> {
    fn event(&mut self, event: &TrainEvent) {
        self.inner.event(event);
    }

    fn held_out(&mut self, bytes: &[u8]) {
        self.held_out = bytes.to_vec();
        self.inner.held_out(bytes);
    }
}

impl Train {
    /// Training on files with schemas beside them, with defaults for everything else.
    pub fn new(config: PathBuf, data: Vec<PathBuf>, out: PathBuf) -> Self {
        Self {
            config,
            data: data.into_iter().map(Weighted::from).collect(),
            out,
            schema: None,
            seconds: None,
            device: DeviceChoice::Cpu.into(),
            resume: false,
            force: false,
        }
    }

    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let config = self.config(common)?;
        let records = self.records()?;
        self.check_folder().with_context(|| self.out.display().to_string())?;
        let cancel = interrupt::stop_gently();
        let mut observer: Box<dyn TrainObserver> = if common.quiet {
            Box::new(Silent)
        } else if io::stderr().is_terminal() {
            Box::new(Board::new(records.schema()))
        } else {
            Box::new(Lines::new(records.schema(), common.verbose))
        };
        let mut observer = Keeping { inner: observer.as_mut(), held_out: Vec::new() };
        let trained = train_with(
            &self.device,
            &config,
            &records,
            &self.out,
            &mut observer,
            &cancel,
            self.resume,
        );
        let held_out = observer.held_out;
        interrupt::stop_at_once();
        let summary = trained.map_err(vortex_codec::Error::from)?;
        if summary.cancelled {
            let out = self.out.display();
            eprintln!(
                "vortex: {out}: stopped after {} steps; continue with --resume",
                summary.steps
            );
            return Err(Failure::Interrupted);
        }
        let Some(model) = &summary.model else { return Ok(()) };
        let report = self.out.join(REPORT);
        // A trained model is not lost for want of a page.
        match page::write(&report, &self.out, &summary, model, &held_out, &common.line) {
            Ok(()) if !common.quiet => eprintln!("{}: the page of this run", report.display()),
            Ok(()) => {}
            Err(error) => eprintln!("vortex: {}: no page: {error:#}", report.display()),
        }
        if !common.quiet {
            eprintln!(
                "{}: {} bytes, {} parameters; held-out bits/byte: float {:.4}, integers {:.4}",
                model.path.display(),
                thousands(model.bytes),
                thousands(summary.parameters as u64),
                model.float_bits_per_byte,
                model.integer_bits_per_byte,
            );
        }
        Ok(())
    }

    /// A run is not overwritten by accident.
    fn check_folder(&self) -> Result<()> {
        if holds_run(&self.out) && !self.resume && !self.force {
            bail!("holds a run already; choose another --out, or use --resume or --force");
        }
        Ok(())
    }

    fn records(&self) -> Result<RecordSet> {
        let files: Vec<&Path> = self.data.iter().map(|data| data.path.as_path()).collect();
        for file in &files {
            input::open_file(file).with_context(|| file.display().to_string())?;
        }
        let schema = same_records(&files, self.schema.as_deref())?;
        Ok(RecordSet::open(schema, &files)?)
    }

    fn config(&self, common: &Common) -> Result<TrainConfig> {
        let mut config = TrainConfig::read(&self.config)?;
        if let Some(seconds) = self.seconds {
            config.budget.max_seconds = Some(seconds);
            config.validate()?;
        }
        if self.data.iter().any(|data| data.weight.is_some()) {
            let weights = self.data.iter().map(|data| data.weight.unwrap_or(1.0));
            config.sampling.weights = weights.collect();
        }
        if common.threads > 0 {
            config.threads = common.threads();
        }
        Ok(config)
    }
}
