//! Checks whether a run fits into memory before it begins.

use vortex_model::estimate::{Kernels, MemoryEstimate};
use vortex_model::{ModelConfig, RecordSpec};

use crate::config::{BatchConfig, TrainConfig};
use crate::error::{Result, TrainError};

/// Bytes of a number.
const FLOAT: f64 = 4.0;
const GIB: f64 = (1u64 << 30) as f64;
/// Bytes of the program itself, and of an allocator that does not return everything at once.
const PROCESS: f64 = 80.0 * (1 << 20) as f64;
/// Share of the available memory that a run may use, because the estimate is not exact and other
/// programs use the machine too.
const USABLE: f64 = 0.9;

/// Bytes that this process can still use: the free memory of the system, and the limit of its
/// control group. `None` if this is unknown (systems other than Linux).
pub fn available() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let text = read("/proc/meminfo")?;
    let line = text.lines().find_map(|l| l.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    let group = || {
        let limit: u64 = read("/sys/fs/cgroup/memory.max")?.trim().parse().ok()?;
        let used: u64 = read("/sys/fs/cgroup/memory.current")?.trim().parse().ok()?;
        Some(limit.saturating_sub(used))
    };
    Some((kib << 10).min(group().unwrap_or(u64::MAX)))
}

/// Bytes of this process in memory; `None` on systems other than Linux.
pub fn resident() -> Option<u64> {
    of_this_process("VmRSS:")
}

/// The maximum of [`resident`] so far.
pub fn peak() -> Option<u64> {
    of_this_process("VmHWM:")
}

fn of_this_process(key: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix(key))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

/// Peak memory in bytes of a process that trains on the CPU with `records` records per window,
/// without the data of its caller.
pub fn estimate(config: &TrainConfig, spec: &RecordSpec, records: usize) -> u64 {
    let batch = &config.batch;
    let threads = config.worker_threads().min(batch.shards).max(1) as f64;
    let windows = batch.sequences.div_ceil(batch.shards);
    let tokens = records * spec.n_fields();
    let parameters = config.model.parameter_count(spec) as f64 * FLOAT;
    let sampling = &config.sampling;
    let pool = match sampling.order {
        crate::sampler::Order::Random => 0,
        crate::sampler::Order::ShuffledChunks => sampling.chunk_bytes * sampling.pool_chunks,
    };
    // Permanent: weights and both averages, the same for the best ones, and the weights of each
    // thread.
    let held =
        parameters * (6.0 + threads) + pool as f64 + 2.0 * config.validation.max_bytes as f64;
    // The sum of the gradients; for each thread, the values computed from its weights, and its
    // gradient twice.
    let step = step(config, spec, windows, tokens);
    let each = (step.parameters_gb + step.activations_gb) * GIB + parameters;
    let step = parameters + threads * each;
    // A copy of weights and averages, their bytes, and the file.
    let checkpoint = parameters * 9.0;
    let calibration =
        config.model.forward_gb(spec, config.quantise.calibration_sequences, tokens) * GIB;
    (PROCESS + held + step.max(checkpoint).max(calibration)) as u64
}

/// One shard's step.
fn step(config: &TrainConfig, spec: &RecordSpec, windows: usize, tokens: usize) -> MemoryEstimate {
    let of = |model: &ModelConfig| match config.quantise.fraction > 0.0 {
        true => model.quantised_estimate(spec, windows, tokens, Kernels::Loops),
        false => model.memory_estimate(spec, windows, tokens, Kernels::Loops),
    };
    let model = &config.model;
    let whole = of(model);
    if !config.batch.gradient_checkpointing {
        return whole;
    }
    let one = of(&ModelConfig { n_layers: 1, ..model.clone() }).activations_gb;
    let inputs = (model.n_layers * windows * tokens * model.d_model) as f64 * FLOAT / GIB;
    MemoryEstimate { activations_gb: one + inputs, ..whole }
}

/// Refuses a run that needs more than `available` bytes, with numbers that would fit.
///
/// # Errors
/// [`TrainError::Memory`].
pub fn check(
    config: &TrainConfig,
    spec: &RecordSpec,
    records: usize,
    available: u64,
) -> Result<()> {
    let usable = (available as f64 * USABLE) as u64;
    let needed = estimate(config, spec, records);
    if needed <= usable {
        return Ok(());
    }
    let fits = |batch: BatchConfig| {
        let config = TrainConfig { batch, ..config.clone() };
        estimate(&config, spec, records) <= usable
    };
    let batch = &config.batch;
    // As many threads as now, or fewer.
    let smaller = |gradient_checkpointing: bool, least: usize| {
        let all = batch.windows();
        (least..=batch.sequences).rev().filter(|s| all.is_multiple_of(*s)).find_map(|sequences| {
            let shards = batch.shards.min(sequences);
            let accumulate = all / sequences;
            let small = BatchConfig {
                sequences,
                shards,
                accumulate,
                gradient_checkpointing,
                ..batch.clone()
            };
            fits(small).then(|| {
                let layers = match gradient_checkpointing {
                    true => ", `gradient_checkpointing: true`",
                    false => "",
                };
                format!(
                    "The same steps fit with `batch.sequences: {sequences}`, `shards: {shards}` and \
                     `accumulate: {accumulate}`{layers}"
                )
            })
        })
    };
    let again = batch.chunks.is_empty();
    let hint = smaller(batch.gradient_checkpointing, batch.shards)
        .or_else(|| again.then(|| smaller(true, batch.shards)).flatten())
        .or_else(|| smaller(again, 1))
        .unwrap_or_else(|| NOTHING.into());
    Err(TrainError::Memory { needed: needed as f64 / GIB, available: available as f64 / GIB, hint })
}

/// The hint if no batch is small enough.
const NOTHING: &str =
    "Not even one window at a time fits: lower `batch.tokens`, `threads` or the sizes of `model`";

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_coder::layout::RecordLayout;
    use vortex_coder::schema::{DType, Field, Schema};

    fn spec() -> RecordSpec {
        let fields = (0..8).map(|i| Field::new(format!("f{i}"), DType::F32, 4 * i)).collect();
        RecordSpec::new(RecordLayout::new(Schema::new(32, fields).unwrap()))
    }

    fn large() -> TrainConfig {
        TrainConfig::from_yaml(
            "threads: 2\nmodel: {d_model: 256, n_layers: 6, n_heads: 8, d_ff: 1024}\n\
             batch: {sequences: 64, tokens: 512, shards: 2, accumulate: 3}\n",
            "test",
        )
        .unwrap()
    }

    #[test]
    fn what_fits_is_let_through_and_what_does_not_gets_numbers_that_do() {
        let (config, spec) = (large(), spec());
        let needed = estimate(&config, &spec, 64);
        check(&config, &spec, 64, needed * 2).unwrap();
        let error = check(&config, &spec, 64, needed / 3).unwrap_err().to_string();
        assert!(error.contains("GiB") && error.contains("batch.sequences"), "{error}");
        // Try the numbers of the hint.
        let number = |key: &str| -> usize {
            let (_, rest) = error.split_once(key).unwrap();
            rest.trim_start_matches(": ").split('`').next().unwrap().parse().unwrap()
        };
        let mut small = config.clone();
        small.batch.sequences = number("batch.sequences");
        small.batch.shards = number("shards");
        small.batch.accumulate = number("accumulate");
        assert_eq!(small.batch.windows(), config.batch.windows());
        small.validate().unwrap();
        check(&small, &spec, 64, needed / 3).unwrap();
        let error = check(&config, &spec, 64, 1 << 20).unwrap_err().to_string();
        assert!(error.contains("Not even one window"), "{error}");
    }

    #[test]
    fn gradient_checkpointing_counts() {
        let (mut config, spec) = (large(), spec());
        let whole = estimate(&config, &spec, 64);
        config.batch.gradient_checkpointing = true;
        let less = estimate(&config, &spec, 64);
        assert!(less < whole / 2, "{less} {whole}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_answers() {
        let (free, used) = (available().unwrap(), resident().unwrap());
        assert!(free > 1 << 20 && used > 1 << 20 && used < 1 << 40, "{free} {used}");
    }
}
