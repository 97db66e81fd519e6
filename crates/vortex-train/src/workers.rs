//! Data parallelism: threads that each differentiate some shards of a batch.
//!
//! The gradient of a shard depends only on the shard, and the gradients are summed in the order of
//! the shards. So the number of threads cannot change a bit of the result.

use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::backend::Flex;
use burn::module::AutodiffModule;
use burn::tensor::backend::Backend;
use vortex_model::{ProductionModel, QuantSpec, RecordSpec};

use crate::backend::TrainBackend;
use crate::config::TrainConfig;
use crate::error::{Result, TrainError};
use crate::loss_scale::LossScaler;
use crate::parameters::{ParameterMap, flatten, load};
use crate::sampler::WindowBatch;
use crate::shard::{Pass, differentiate};

/// The result of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepOutput {
    /// Mean bits per symbol.
    pub mean_bits: f64,
    /// Gradient of it by the parameters.
    pub gradient: Vec<f32>,
}

/// One model per thread; the threads use the devices in turn.
pub struct Workers<B: TrainBackend> {
    models: Vec<ProductionModel<B>>,
    map: ParameterMap,
    devices: Vec<B::Device>,
    scaler: LossScaler,
    /// Windows that are computed at once in passes without gradients.
    windows: usize,
}

impl<B: TrainBackend> Workers<B> {
    /// Models with random weights from the configuration's seed; returns the weights too.
    ///
    /// # Errors
    /// If there is no model for this configuration, or a device has no shard.
    pub fn new(
        config: &TrainConfig,
        spec: &RecordSpec,
        devices: &[B::Device],
    ) -> Result<(Self, Vec<f32>)> {
        let shards = config.batch.shards;
        let least = devices.len().max(1);
        let rule = || format!("at least {least}, the number of devices");
        TrainError::limit(shards >= least, "batch.shards", shards, rule())?;
        let first = devices.first().cloned().unwrap_or_default();
        let (model, map, params) = init::<B>(config, spec, &first)?;
        let scaler = LossScaler::for_device::<B>(&first);
        let models = vec![model; config.worker_threads().max(least).min(shards)];
        let windows = config.batch.sequences.div_ceil(shards);
        let devices = if devices.is_empty() { vec![first] } else { devices.to_vec() };
        Ok((Self { models, map, devices, scaler, windows }, params))
    }

    /// Names, shapes and places of the parameters.
    pub fn map(&self) -> &ParameterMap {
        &self.map
    }

    /// Threads in use.
    pub fn threads(&self) -> usize {
        self.models.len()
    }

    /// Codes these roles flat from now on.
    pub fn set_flat(&mut self, flat: &[bool]) {
        for model in std::mem::take(&mut self.models) {
            self.models.push(model.with_flat(flat.to_vec()));
        }
    }

    /// Mean bits and gradient of a batch.
    pub fn gradient(&mut self, params: &[f32], batch: &WindowBatch, pass: Pass<'_>) -> StepOutput {
        let Self { models, devices, scaler, .. } = self;
        scaler.unscaled(|scale| Self::scaled(models, devices, params, batch, pass, scale))
    }

    /// The same with a gradient that is `scale` times as large.
    fn scaled(
        models: &mut [ProductionModel<B>],
        devices: &[B::Device],
        params: &[f32],
        batch: &WindowBatch,
        pass: Pass<'_>,
        scale: f32,
    ) -> StepOutput {
        let shards = pass.shards.clamp(1, batch.windows);
        let bounds: Vec<usize> = (0..=shards).map(|i| i * batch.windows / shards).collect();
        let threads = models.len();
        let mut output = StepOutput { mean_bits: 0.0, gradient: vec![0.0; params.len()] };
        // Each thread computes one shard at a time, and shards are summed in order: memory holds at
        // most one gradient per thread.
        for first in (0..shards).step_by(threads) {
            let run = |thread: usize, model: &mut ProductionModel<B>| {
                if first == 0 {
                    *model = load(model.clone(), params, &devices[thread % devices.len()]);
                }
                let shard = first + thread;
                let part = batch.slice(bounds[shard]..bounds[shard + 1]);
                let mut sum = vec![0f32; params.len()];
                let bits = differentiate(model, &part, pass, scale, &mut sum);
                (part.windows, bits, sum)
            };
            let run = &run;
            let here = threads.min(shards - first);
            let done: Vec<_> = std::thread::scope(|scope| {
                let (mine, others) = models[..here].split_at_mut(1);
                let others = others.iter_mut().enumerate();
                let handles: Vec<_> =
                    others.map(|(i, model)| scope.spawn(move || run(i + 1, model))).collect();
                let mine = run(0, &mut mine[0]);
                std::iter::once(mine).chain(handles.into_iter().map(join)).collect()
            });
            for (windows, bits, gradient) in done {
                let share = windows as f64 / batch.windows as f64;
                output.mean_bits += bits * share;
                for (sum, g) in output.gradient.iter_mut().zip(gradient) {
                    *sum += g * share as f32;
                }
            }
        }
        output
    }

    /// Mean bits of each role over a batch, without gradients.
    pub fn role_bits(
        &mut self,
        params: &[f32],
        batch: &WindowBatch,
        quant: Option<&QuantSpec>,
    ) -> Vec<f64> {
        let threads = self.models.len();
        // Do not divide by the number of threads: sums must not depend on it.
        let chunk = self.windows;
        let starts: Vec<usize> = (0..batch.windows).step_by(chunk).collect();
        let on_device = |device| load(self.models[0].clone(), params, device).valid();
        let models: Vec<_> = self.devices.iter().map(on_device).collect();
        let cost = |thread: usize, model: ProductionModel<B::InnerBackend>| {
            let mine = starts.iter().skip(thread).step_by(threads);
            let bits = mine.map(|&start| {
                let part = batch.slice(start..(start + chunk).min(batch.windows));
                let share = part.windows as f64 / batch.windows as f64;
                let role_bits =
                    model.loss(&model.batch(&part.symbols, part.windows), quant).role_bits;
                role_bits.into_iter().map(|bits| bits * share).collect()
            });
            bits.collect::<Vec<Vec<f64>>>()
        };
        let cost = &cost;
        let by_thread: Vec<Vec<Vec<f64>>> = std::thread::scope(|scope| {
            let handles: Vec<_> = (0..threads)
                .map(|thread| {
                    let model = models[thread % models.len()].clone();
                    scope.spawn(move || cost(thread, model))
                })
                .collect();
            handles.into_iter().map(join).collect()
        });
        let mut sum = vec![0.0; batch.roles];
        for chunk in 0..starts.len() {
            let bits = &by_thread[chunk % threads][chunk / threads];
            sum.iter_mut().zip(bits).for_each(|(sum, bits)| *sum += bits);
        }
        sum
    }

    /// Activation scales from a batch.
    pub fn calibrate(&mut self, params: &[f32], batch: &WindowBatch) -> QuantSpec {
        let model = self.model(params);
        model.calibrate(&model.batch(&batch.symbols, batch.windows))
    }

    /// The model with these parameters in 32 bits for any precision of the device; it is used for
    /// the export.
    pub fn exact_model(&self, params: &[f32]) -> Result<ProductionModel<Flex>> {
        let (config, spec) = (self.models[0].config(), self.models[0].spec());
        let device = Default::default();
        // The first weights are replaced, but drawing them would change those of another training.
        let _guard = seeded::<Flex>(&device, 0);
        let model = ProductionModel::<Flex>::init(config, spec, &device)
            .map_err(|e| TrainError::Model(e.to_string()))?;
        Ok(load(model, params, &device))
    }

    /// The model with these parameters, without gradients.
    pub fn model(&self, params: &[f32]) -> ProductionModel<B::InnerBackend> {
        load(self.models[0].clone(), params, &self.devices[0]).valid()
    }
}

/// The result of a thread, or its panic.
fn join<T>(handle: std::thread::ScopedJoinHandle<'_, T>) -> T {
    match handle.join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Seeds the random generator of a backend. burn has one for the whole process, so no other
/// initialisation may draw from it until the guard is dropped.
pub(crate) fn seeded<B: Backend>(device: &B::Device, seed: u64) -> MutexGuard<'static, ()> {
    static INIT: Mutex<()> = Mutex::new(());
    let guard = INIT.lock().unwrap_or_else(PoisonError::into_inner);
    B::seed(device, seed);
    guard
}

fn init<B: TrainBackend>(
    config: &TrainConfig,
    spec: &RecordSpec,
    device: &B::Device,
) -> Result<(ProductionModel<B>, ParameterMap, Vec<f32>)> {
    let _guard = seeded::<B>(device, config.seed);
    let model = ProductionModel::<B>::init(&config.model, spec, device)
        .map_err(|e| TrainError::Model(e.to_string()))?;
    // Reading the parameters initialises those that burn creates on first use.
    let (map, params) = flatten(&model);
    Ok((model, map, params))
}
