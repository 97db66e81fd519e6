//! The training loop.

mod export;
mod log;
mod progress;
mod saving;
mod steps;

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use vortex_coder::layout::RecordLayout;
use vortex_coder::schema::Schema;
use vortex_data::discover::describe;
use vortex_data::{RecordFile, RecordSet, discover};
use vortex_model::RecordSpec;

use self::export::BLOCK_BYTES;
use self::log::Log;
use self::progress::Progress;
use crate::backend::TrainBackend;
use crate::config::TrainConfig;
use crate::device::{DeviceChoice, OnDevice, on_devices, resolve};
use crate::device_list::Devices;
use crate::error::{Result, TrainError};
use crate::files::{RunDir, write_atomically};
use crate::observer::{TrainEvent, TrainObserver};
use crate::optimizer::AdamW;
use crate::sampler::{Parts, Sampler, parts};
use crate::summary::TrainSummary;
use crate::validate::{ValidationSet, held_out_block};
use crate::workers::Workers;

/// Most bytes of training records from which references and frequencies are found.
const SAMPLE_BYTES: u64 = 32 << 20;

/// Trains on the CPU; see [`train_on`].
///
/// # Errors
/// See [`TrainError`].
pub fn train(
    config: &TrainConfig,
    data: &RecordSet,
    run_dir: &Path,
    observer: &mut dyn TrainObserver,
    cancel: &AtomicBool,
    resume: bool,
) -> Result<TrainSummary> {
    train_with(&DeviceChoice::Cpu.into(), config, data, run_dir, observer, cancel, resume)
}

/// Trains on the devices of the user's choice; see [`train_on`]. A run that does not fit into the memory of
/// a CPU's machine is refused.
///
/// # Errors
/// [`TrainError::Device`] when one cannot be used, and see [`TrainError`].
pub fn train_with(
    devices: &Devices,
    config: &TrainConfig,
    data: &RecordSet,
    run_dir: &Path,
    observer: &mut dyn TrainObserver,
    cancel: &AtomicBool,
    resume: bool,
) -> Result<TrainSummary> {
    struct Training<'a> {
        run: Run<'a>,
        observer: &'a mut dyn TrainObserver,
    }
    impl OnDevice for Training<'_> {
        type Output = TrainSummary;
        fn run<B: TrainBackend>(self, devices: &[B::Device]) -> Result<TrainSummary> {
            self.run.train::<B>(self.observer, devices)
        }
    }
    let devices = resolve(devices, config.precision);
    let memory = crate::memory::available().filter(|_| devices.all() == [DeviceChoice::Cpu]);
    let run = Run { config, data, run_dir, cancel, resume, memory };
    on_devices(&devices, config.precision, Training { run, observer })
}

/// Trains a model on a part of the records and writes everything into `run_dir`.
///
/// With `resume`, it continues from `last.safetensors` there; if the budget is in steps, the
/// results are the same as without the interruption. When `cancel` becomes true, the run is saved
/// and returns after the current step, without a model. Shards go to the devices in turn: results
/// do not depend on the number of devices of one kind.
///
/// # Errors
/// See [`TrainError`]; a loss that is not a number ends the run, and the last checkpoint is
/// unchanged.
pub fn train_on<B: TrainBackend>(
    config: &TrainConfig,
    data: &RecordSet,
    run_dir: &Path,
    observer: &mut dyn TrainObserver,
    cancel: &AtomicBool,
    resume: bool,
    devices: &[B::Device],
) -> Result<TrainSummary> {
    let run = Run { config, data, run_dir, cancel, resume, memory: None };
    run.train::<B>(observer, devices)
}

/// The inputs of a run.
struct Run<'a> {
    config: &'a TrainConfig,
    data: &'a RecordSet,
    run_dir: &'a Path,
    cancel: &'a AtomicBool,
    resume: bool,
    /// Memory in bytes that it may use, if known.
    memory: Option<u64>,
}

impl Run<'_> {
    fn train<B: TrainBackend>(
        self,
        observer: &mut dyn TrainObserver,
        devices: &[B::Device],
    ) -> Result<TrainSummary> {
        let Self { config, data, run_dir, cancel, resume, memory } = self;
        config.validate()?;
        let parts = parts(data, config.split.ratios()?)?;
        let spec = record_spec(config, data, &parts)?;
        let layout = spec.layout.clone();
        let records = (config.batch.tokens / layout.n_fields()).max(1);
        parts.check_windows(records)?;
        let sampler = Sampler::new(data, &layout, &parts, records, &config.sampling, config.seed)?;
        memory_is_used(config, layout.n_fields(), sampler.records())?;
        let most = config.validation.max_bytes;
        let validation = ValidationSet::new(data, &layout, &parts.validation, records, most)?;
        if let Some(bytes) = memory {
            crate::memory::check(config, &spec, sampler.records(), bytes)?;
        }
        // After all checks, because this removes the files of an earlier run.
        let dir = RunDir::open(run_dir, resume)?;
        let (workers, params) = Workers::<B>::new(config, &spec, devices)?;
        let mut trainer = Trainer {
            config,
            cancel,
            log: Log::open(observer, &dir)?,
            validation,
            sampler,
            file_records: data.files().iter().map(RecordFile::n_records).collect(),
            progress: Progress::new(config, params, layout.roles().len()),
            workers,
            best: None,
            best_is_new: false,
            saved_step: 0,
            dir,
            started: Instant::now(),
            last_saved: Instant::now(),
        };
        if resume {
            trainer.restore()?;
        }
        let text = config.to_yaml()?;
        write_atomically(&trainer.dir.config(), text.as_bytes())?;
        trainer.log.begin(&trainer.dir, trainer.progress.step, &text)?;
        trainer.log.observer.held_out(trainer.validation.bytes());
        trainer.log.event(TrainEvent::Start {
            parameters: trainer.progress.params.len(),
            train_records: parts.train_records(),
            validation_records: parts.validation_records(),
            step: trainer.progress.step,
            threads: trainer.workers.threads(),
        })?;
        let fields = known_fields(layout.schema());
        if !fields.is_empty() {
            trainer.log.event(TrainEvent::Known { fields })?;
        }
        let finished = trainer.run()?;
        let model = if finished {
            Some(trainer.export(&held_out_block(data, &layout, &parts, BLOCK_BYTES)?)?)
        } else {
            None
        };
        trainer.summary(model)
    }
}

/// A memory stores whole segments: if no window is longer than a segment, the memory would not be
/// trained and could not be exported.
fn memory_is_used(config: &TrainConfig, n_fields: usize, records: usize) -> Result<()> {
    let (_, segment) = config.model.window_and_segment(n_fields);
    let used = config.model.memory.is_none() || records * n_fields > segment;
    let least = segment + n_fields;
    let rule = format!(
        "at least {least} for records of {n_fields} fields (and as many fields there to train on), so that \
         windows go beyond a segment of {segment}; otherwise remove `model.memory`"
    );
    TrainError::limit(used, "batch.tokens", config.batch.tokens, rule)
}

/// The specification from the first training records of every file, before training.
fn record_spec(config: &TrainConfig, data: &RecordSet, parts: &Parts) -> Result<RecordSpec> {
    let most = (SAMPLE_BYTES / data.schema().stride() as u64 / parts.train.len() as u64).max(1);
    let (mut bytes, mut sample) = (Vec::new(), Vec::new());
    for (_, part) in &parts.train {
        let records = most.min(part.end - part.start) as usize;
        data.read_records(part.start, records, &mut bytes).map_err(TrainError::data)?;
        sample.extend_from_slice(&bytes);
    }
    let found = discover(data.schema(), &sample, config.search.into()).map_err(TrainError::data)?;
    let layout = RecordLayout::new(found.schema);
    let mut symbols = Vec::new();
    layout.records_to_symbols(&sample, &mut symbols);
    Ok(RecordSpec::from_sample(layout, &symbols))
}

/// Descriptions of the fields with a grid, a law or a distance.
fn known_fields(schema: &Schema) -> Vec<String> {
    let fields = schema.fields().iter().enumerate();
    let known = fields.map(|(index, field)| (&field.name, describe(schema, index)));
    known
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| format!("{name}: {text}"))
        .collect()
}

struct Trainer<'a, B: TrainBackend> {
    config: &'a TrainConfig,
    cancel: &'a AtomicBool,
    log: Log<'a>,
    validation: ValidationSet,
    sampler: Sampler<'a>,
    /// Records of each data file.
    file_records: Vec<u64>,
    progress: Progress,
    workers: Workers<B>,
    /// Parameters and optimiser of the lowest validation loss of this phase.
    best: Option<(Vec<f32>, AdamW)>,
    /// Whether they have not been saved yet.
    best_is_new: bool,
    /// Step of the last checkpoint.
    saved_step: u64,
    dir: RunDir,
    started: Instant,
    last_saved: Instant,
}
