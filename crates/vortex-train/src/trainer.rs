//! The loop.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use vortex_coder::layout::RecordLayout;
use vortex_data::RecordSet;
use vortex_infer::{IntModel, Level};
use vortex_model::{QuantSpec, RecordSpec};

use crate::backend::TrainBackend;
use crate::checkpoint::{self, Checkpoint, State};
use crate::config::TrainConfig;
use crate::device::{DeviceChoice, OnDevice, on_device};
use crate::error::{Result, TrainError};
use crate::files::{RunDir, write_atomically};
use crate::metrics::MetricsLog;
use crate::noise::NoiseDetector;
use crate::observer::{Phase, TrainEvent, TrainObserver};
use crate::optimizer::{AdamW, clip_factor, global_norm};
use crate::rng::Rng;
use crate::sampler::{Windows, parts};
use crate::schedule::Schedule;
use crate::summary::{ModelSummary, TrainSummary};
use crate::validate::{ValidationSet, block_cost};
use crate::workers::Workers;

/// Most bytes of training records from which references and frequencies are found.
const SAMPLE_BYTES: u64 = 32 << 20;
/// Most bytes of the block that the summary measures.
const BLOCK_BYTES: u64 = 1 << 20;
/// Share of the budget before which no role is taken for noise.
const NOISE_FROM: f64 = 0.2;
/// Weight of the newest step in the reported loss.
const SMOOTHING: f64 = 0.05;

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
    train_with(DeviceChoice::Cpu, config, data, run_dir, observer, cancel, resume)
}

/// Trains on the device of the user's choice; see [`train_on`].
///
/// # Errors
/// [`TrainError::Device`] when it cannot be used, and see [`TrainError`].
pub fn train_with(
    device: DeviceChoice,
    config: &TrainConfig,
    data: &RecordSet,
    run_dir: &Path,
    observer: &mut dyn TrainObserver,
    cancel: &AtomicBool,
    resume: bool,
) -> Result<TrainSummary> {
    struct Training<'a> {
        config: &'a TrainConfig,
        data: &'a RecordSet,
        run_dir: &'a Path,
        observer: &'a mut dyn TrainObserver,
        cancel: &'a AtomicBool,
        resume: bool,
    }
    impl OnDevice for Training<'_> {
        type Output = TrainSummary;
        fn run<B: TrainBackend>(self, device: &B::Device) -> Result<TrainSummary> {
            let Self { config, data, run_dir, observer, cancel, resume } = self;
            train_on::<B>(config, data, run_dir, observer, cancel, resume, device)
        }
    }
    let training = Training { config, data, run_dir, observer, cancel, resume };
    on_device(device, config.precision, training)
}

/// Trains a model on a part of the records and writes everything into `run_dir`.
///
/// With `resume`, goes on from `last.safetensors` there; the same numbers come out as without the
/// interruption when the budget is in steps. When `cancel` becomes true, the run is saved and
/// returns after the current step, without a model.
///
/// # Errors
/// See [`TrainError`]; a loss that is no number ends the run and leaves the last checkpoint as it was.
pub fn train_on<B: TrainBackend>(
    config: &TrainConfig,
    data: &RecordSet,
    run_dir: &Path,
    observer: &mut dyn TrainObserver,
    cancel: &AtomicBool,
    resume: bool,
    device: &B::Device,
) -> Result<TrainSummary> {
    config.validate()?;
    let split = parts(data.n_records(), &config.split)?;
    let dir = RunDir::create(run_dir)?;
    let layout = RecordLayout::new(data.schema().clone());
    let records = (config.batch.tokens / layout.n_fields()).max(1);
    let windows = Windows::new(data, &layout, split.train.clone(), records);
    let held_out = Windows::new(data, &layout, split.validation.clone(), records);
    let validation = ValidationSet::new(&held_out, layout.stride(), config.validation.max_bytes)?;
    let spec = record_spec(data, &layout, split.train.end)?;
    let (workers, params) = Workers::<B>::new(config, &spec, device)?;
    let mut trainer = Trainer {
        config,
        cancel,
        log: Log { observer, metrics: MetricsLog::open(&dir.metrics(), resume)?, last: None },
        validation,
        windows,
        progress: Progress::new(config, params, layout.roles().len()),
        workers,
        best: None,
        dir,
        started: Instant::now(),
        last_saved: Instant::now(),
    };
    if resume {
        trainer.restore()?;
    }
    write_atomically(&trainer.dir.config(), config.to_yaml()?.as_bytes())?;
    trainer.log.event(TrainEvent::Start {
        parameters: trainer.progress.params.len(),
        train_records: split.train.end,
        validation_records: split.validation.end - split.validation.start,
        step: trainer.progress.step,
        threads: trainer.workers.threads(),
    })?;
    let finished = trainer.run()?;
    let model = if finished {
        let first = split.validation.start;
        let most = (BLOCK_BYTES / layout.stride() as u64).max(1);
        let block_records = most.min(split.validation.end - first) as usize;
        let mut block = Vec::new();
        data.read_records(first, block_records, &mut block).map_err(data_error)?;
        Some(trainer.export(&block)?)
    } else {
        None
    };
    trainer.summary(model)
}

/// What the training records say before any training.
fn record_spec(data: &RecordSet, layout: &RecordLayout, records: u64) -> Result<RecordSpec> {
    let most = (SAMPLE_BYTES / layout.stride() as u64).max(1);
    let mut bytes = Vec::new();
    data.read_records(0, records.min(most) as usize, &mut bytes).map_err(data_error)?;
    let mut symbols = Vec::new();
    layout.records_to_symbols(&bytes, &mut symbols);
    Ok(RecordSpec::from_sample(layout.clone(), &symbols))
}

fn data_error(error: vortex_data::Error) -> TrainError {
    TrainError::Data(error.to_string())
}

/// Everything that changes and is saved.
#[derive(Clone)]
struct Progress {
    step: u64,
    /// Seconds of earlier parts of the run.
    seconds_before: f64,
    phase: Phase,
    best: Option<f64>,
    /// Lowest validation loss of the float phase, once that is over.
    float_best: Option<f64>,
    rng: Rng,
    flat: Vec<bool>,
    noise: NoiseDetector,
    validations: u64,
    quant: Option<QuantSpec>,
    params: Vec<f32>,
    adam: AdamW,
}

impl Progress {
    fn new(config: &TrainConfig, params: Vec<f32>, roles: usize) -> Self {
        Self {
            step: 0,
            seconds_before: 0.0,
            phase: Phase::Float,
            best: None,
            float_best: None,
            rng: Rng::new(config.seed),
            flat: vec![false; roles],
            noise: NoiseDetector::new(config.validation.noise_bits, roles),
            validations: 0,
            quant: None,
            adam: AdamW::new(params.len()),
            params,
        }
    }
}

/// Events go to the observer and to the metrics file.
struct Log<'a> {
    observer: &'a mut dyn TrainObserver,
    metrics: MetricsLog,
    /// When the last step was written to the file.
    last: Option<Instant>,
}

impl Log<'_> {
    fn event(&mut self, event: TrainEvent) -> Result<()> {
        self.observer.event(&event);
        if matches!(event, TrainEvent::Step { .. }) {
            // Two lines a second are enough for a plot of a run of any length.
            if self.last.is_some_and(|t| t.elapsed().as_secs_f64() < 0.5) {
                return Ok(());
            }
            self.last = Some(Instant::now());
        }
        self.metrics.write(&event)
    }
}

struct Trainer<'a, B: TrainBackend> {
    config: &'a TrainConfig,
    cancel: &'a AtomicBool,
    log: Log<'a>,
    validation: ValidationSet,
    windows: Windows<'a>,
    progress: Progress,
    workers: Workers<B>,
    /// Parameters and optimiser of the lowest validation loss of this phase.
    best: Option<(Vec<f32>, AdamW)>,
    dir: RunDir,
    started: Instant,
    last_saved: Instant,
}

impl<B: TrainBackend> Trainer<'_, B> {
    fn seconds(&self) -> f64 {
        self.progress.seconds_before + self.started.elapsed().as_secs_f64()
    }

    fn fraction(&self) -> f64 {
        self.config.budget.fraction(self.progress.step, self.seconds())
    }

    /// Trains to the end of the budget; false when cancelled before.
    fn run(&mut self) -> Result<bool> {
        let mut smooth = None;
        let start_step = self.progress.step;
        loop {
            let fraction = self.fraction();
            let quantise_from = 1.0 - self.config.quantise.fraction;
            if self.progress.phase == Phase::Float && fraction >= quantise_from {
                self.begin_quantised()?;
            }
            let times = self.config.validation.times;
            if fraction < 1.0 && fraction * times as f64 >= (self.progress.validations + 1) as f64 {
                self.progress.validations = (fraction * times as f64) as u64;
                self.validate(fraction >= NOISE_FROM)?;
            }
            if fraction >= 1.0 {
                self.validate(false)?;
                self.save(true)?;
                return Ok(true);
            }
            if self.cancel.load(Ordering::Relaxed) {
                self.save(true)?;
                return Ok(false);
            }
            self.save(false)?;
            self.step(fraction, &mut smooth, start_step)?;
        }
    }

    fn step(&mut self, fraction: f64, smooth: &mut Option<f64>, start_step: u64) -> Result<()> {
        let (config, progress) = (self.config, &mut self.progress);
        let batch = self.windows.random(
            &mut progress.rng,
            config.batch.sequences,
            config.batch.cold_start,
        )?;
        let quant = progress.quant.as_ref();
        let output = self.workers.gradient(&progress.params, &batch, config.batch.shards, quant);
        let norm = global_norm(&output.gradient);
        let finite = [("the loss", output.mean_bits), ("the gradient", norm)];
        if let Some((what, _)) = finite.iter().find(|(_, value)| !value.is_finite()) {
            return Err(self.diverged(what));
        }
        let schedule = Schedule {
            peak: config.optimizer.learning_rate,
            floor: config.optimizer.final_rate,
            warmup: config.optimizer.warmup,
        };
        let rate = schedule.rate(fraction);
        let scale = clip_factor(norm, config.optimizer.clip_norm);
        let ranges = self.workers.map().decay_ranges();
        progress.adam.step(
            &config.optimizer,
            rate,
            scale,
            &mut progress.params,
            &output.gradient,
            &ranges,
        );
        progress.step += 1;
        // A symbol is a byte under all transforms of today; else this is where they would differ.
        let bits = output.mean_bits;
        let shown = smooth.map_or(bits, |s: f64| s + (bits - s) * SMOOTHING);
        *smooth = Some(shown);
        let step = progress.step;
        let run_seconds = self.started.elapsed().as_secs_f64().max(1e-9);
        let fraction = self.fraction();
        let event = TrainEvent::Step {
            step,
            fraction,
            bits_per_byte: shown,
            learning_rate: rate,
            gradient_norm: norm,
            bytes_per_second: ((step - start_step) as f64 * batch.predicted() as f64) / run_seconds,
            seconds: self.seconds(),
            seconds_left: self.seconds() * (1.0 - fraction) / fraction.max(1e-9),
        };
        self.log.event(event)
    }

    fn diverged(&self, what: &'static str) -> TrainError {
        let last = self.dir.last();
        let checkpoint = match Checkpoint::load_state(&last) {
            Ok(state) => {
                format!("The last good checkpoint is {} (step {})", last.display(), state.step)
            }
            Err(_) => "There is no checkpoint yet".to_string(),
        };
        TrainError::Diverged {
            step: self.progress.step,
            what,
            checkpoint,
            learning_rate: self.config.optimizer.learning_rate,
        }
    }

    /// Measures held-out records, remembers the best parameters, looks for noise.
    fn validate(&mut self, look_for_noise: bool) -> Result<()> {
        let progress = &mut self.progress;
        let quant = progress.quant.as_ref();
        let cost = self.validation.float(&mut self.workers, &progress.params, quant);
        if !cost.bits_per_byte.is_finite() {
            return Err(self.diverged("the validation loss"));
        }
        let best = progress.best.is_none_or(|b| cost.bits_per_byte < b);
        if best {
            progress.best = Some(cost.bits_per_byte);
            self.best = Some((progress.params.clone(), progress.adam.clone()));
        }
        let step = progress.step;
        if look_for_noise {
            let noise = progress.noise.look(&cost.role_bits);
            let new = |&(role, &n): &(usize, &bool)| n && !progress.flat[role];
            let roles: Vec<usize> = noise.iter().enumerate().filter(new).map(|(r, _)| r).collect();
            if !roles.is_empty() {
                roles.iter().for_each(|&role| progress.flat[role] = true);
                self.workers.set_flat(&progress.flat);
                self.log.event(TrainEvent::Flat { step, roles })?;
            }
        }
        let bits_per_byte = cost.bits_per_byte;
        self.log.event(TrainEvent::Validation { step, bits_per_byte, best })?;
        if best {
            let path = self.dir.best();
            self.checkpoint()?.save(&path, self.workers.map())?;
            self.log.event(TrainEvent::Checkpoint { step, path })?;
        }
        Ok(())
    }

    /// Takes the best float parameters, chooses activation scales, and rounds from here on.
    fn begin_quantised(&mut self) -> Result<()> {
        self.validate(false)?;
        if let Some((params, adam)) = self.best.take() {
            (self.progress.params, self.progress.adam) = (params, adam);
        }
        // A generator of its own: how often scales are chosen must not move the training windows.
        let mut rng = Rng::new(self.config.seed ^ 0x9E37_79B9_7F4A_7C15);
        let n = self.config.quantise.calibration_sequences;
        let batch = self.windows.random(&mut rng, n, self.config.batch.cold_start)?;
        self.progress.quant = Some(self.workers.calibrate(&self.progress.params, &batch));
        self.progress.phase = Phase::Quantised;
        self.progress.float_best = self.progress.best.take();
        self.log.event(TrainEvent::Phase { step: self.progress.step, phase: Phase::Quantised })?;
        // Rounding alone: the model that training with rounding has to beat.
        self.validate(false)
    }

    fn checkpoint(&self) -> Result<Checkpoint> {
        let p = &self.progress;
        let quant = p.quant.as_ref().map(serde_json::to_value).transpose();
        Ok(Checkpoint {
            state: State {
                version: checkpoint::VERSION,
                step: p.step,
                adam_steps: p.adam.steps,
                seconds: self.seconds(),
                phase: p.phase,
                best: p.best,
                float_best: p.float_best,
                rng: p.rng.to_hex(),
                flat: p.flat.clone(),
                noise: p.noise.candidates().to_vec(),
                validations: p.validations,
                quant: quant.map_err(|e| TrainError::Model(e.to_string()))?,
                config: self.config.clone(),
            },
            params: p.params.clone(),
            adam: p.adam.clone(),
        })
    }

    /// Writes `last.safetensors` when it is time, or `now`.
    fn save(&mut self, now: bool) -> Result<()> {
        if !now && self.last_saved.elapsed().as_secs_f64() < self.config.checkpoint_seconds {
            return Ok(());
        }
        let path = self.dir.last();
        self.checkpoint()?.save(&path, self.workers.map())?;
        self.last_saved = Instant::now();
        self.log.event(TrainEvent::Checkpoint { step: self.progress.step, path })
    }

    /// Goes on from `last.safetensors`.
    fn restore(&mut self) -> Result<()> {
        let path = self.dir.last();
        let bad = |message: &str| TrainError::Checkpoint {
            path: path.clone(),
            message: message.to_string(),
        };
        let state = Checkpoint::load_state(&path)?;
        if state.config.model != self.config.model {
            return Err(bad("it was written with another `model` section of the configuration"));
        }
        if state.flat.len() != self.progress.flat.len() || state.noise.len() != state.flat.len() {
            return Err(bad("it was written for records of another length"));
        }
        let quant = state.quant.clone().map(serde_json::from_value).transpose();
        let quant = quant.map_err(|_| bad("the scales of the quantised phase are damaged"))?;
        if (state.phase == Phase::Quantised) != quant.is_some() {
            return Err(bad("the scales of the quantised phase are missing"));
        }
        let rng = Rng::from_hex(&state.rng).ok_or_else(|| bad("the sampler's state is damaged"))?;
        let Checkpoint { state, params, adam } = Checkpoint::load(&path, self.workers.map())?;
        if let Ok(best) = Checkpoint::load(&self.dir.best(), self.workers.map())
            && best.state.phase == state.phase
            && best.state.best == state.best
        {
            self.best = Some((best.params, best.adam));
        }
        let mut noise = NoiseDetector::new(self.config.validation.noise_bits, state.flat.len());
        noise.restore(&state.noise);
        self.workers.set_flat(&state.flat);
        self.progress = Progress {
            step: state.step,
            seconds_before: state.seconds,
            phase: state.phase,
            best: state.best,
            float_best: state.float_best,
            rng,
            flat: state.flat,
            noise,
            validations: state.validations,
            quant,
            params,
            adam,
        };
        Ok(())
    }

    /// Writes the model file and measures it. `block`: consecutive held-out records.
    fn export(&mut self, block: &[u8]) -> Result<ModelSummary> {
        let model_error = |e: String| TrainError::Model(e);
        if let Some((params, _)) = self.best.take() {
            self.progress.params = params;
        }
        let params = &self.progress.params;
        let quant = self.progress.quant.as_ref();
        let quant = quant.ok_or_else(|| model_error("the quantised phase never began".into()))?;
        let network = self
            .workers
            .exact_model(params)?
            .export(quant)
            .map_err(|e| model_error(e.to_string()))?;
        let model =
            IntModel::new(network, Level::detect()).map_err(|e| model_error(e.to_string()))?;
        let path = self.dir.model();
        write_atomically(&path, model.bytes())?;
        let float = self.progress.float_best;
        let float =
            float.ok_or_else(|| model_error("the float phase was never measured".into()))?;
        let simulated = self.validation.float(&mut self.workers, params, Some(quant)).bits_per_byte;
        let integer = self.validation.integer(&model)?.bits_per_byte;
        let block_cost = block_cost(&model, block)?;
        self.log.event(TrainEvent::Done {
            step: self.progress.step,
            model: path.clone(),
            bits_per_byte: block_cost.bits_per_byte,
        })?;
        Ok(ModelSummary {
            path,
            bytes: model.bytes().len() as u64,
            compared_bytes: self.validation.len() as u64,
            float_bits_per_byte: float,
            simulated_bits_per_byte: simulated,
            integer_bits_per_byte: integer,
            integer_cost_percent: (integer / float - 1.0) * 100.0,
            block_bytes: block.len() as u64,
            block_bits_per_byte: block_cost.bits_per_byte,
            role_bits: block_cost.role_bits,
        })
    }

    fn summary(self, model: Option<ModelSummary>) -> Result<TrainSummary> {
        let flat = self.progress.flat.iter().enumerate().filter(|(_, f)| **f).map(|(r, _)| r);
        let per_step =
            self.config.batch.sequences * self.windows.records() * self.progress.flat.len();
        let summary = TrainSummary {
            steps: self.progress.step,
            seconds: self.seconds(),
            bytes_seen: self.progress.step * per_step as u64,
            parameters: self.progress.params.len(),
            cancelled: model.is_none(),
            flat_roles: flat.collect(),
            model,
        };
        let text = serde_json::to_vec_pretty(&summary)
            .map_err(|e| TrainError::io("write", &self.dir.summary())(e.into()))?;
        write_atomically(&self.dir.summary(), &text)?;
        Ok(summary)
    }
}
