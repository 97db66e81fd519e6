//! Speed of training steps, as in the training loop:
//! `step_speed FILE SCHEMA CONFIG STEPS THREADS [START]`.
//!
//! A step is a batch of random windows, its gradient in all threads, the norm of the gradient, and AdamW. One line:
//! `parameters P tokens N threads T best V median W cpu U`, of the steps after the first ten: V and W in tokens per
//! second, U in tokens per second of processor time of all threads (Linux; else 0).
//!
//! START is a file for the initial state, written before the first step: a safetensors file with all
//! parameters, `symbols` of one batch, `[windows, 1 + records, roles]`, and in its metadata `mean_bits` of
//! that batch and `lag`, the distance of each field's reference. `experiments/pytorch_speed` compares PyTorch
//! with it.

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use safetensors::tensor::{Dtype, TensorView};
use vortex_coder::layout::RecordLayout;
use vortex_data::{RecordSet, read_schema};
use vortex_model::RecordSpec;
use vortex_train::step::Pass;
use vortex_train::step::Workers;
use vortex_train::step::{AdamW, clip_factor, global_norm};
use vortex_train::step::{Sampler, WindowBatch, parts};
use vortex_train::{CpuBackend, TrainConfig};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Steps that are not counted.
const WARM_UP: usize = 10;

/// Processor seconds of this process so far, in ticks of 10 ms.
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // After the name, which may hold spaces: user and system time are the 12th and 13th.
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |i: usize| fields.get(i)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// Writes the data that another implementation needs to compute the same loss.
fn write_start(
    path: &str,
    workers: &mut Workers<CpuBackend>,
    (params, spec): (&[f32], &RecordSpec),
    batch: &WindowBatch,
) -> Result<(), Box<dyn Error>> {
    let bits = workers.gradient(params, batch, Pass::plain(1)).mean_bits;
    let bytes: Vec<u8> = params.iter().flat_map(|v| v.to_le_bytes()).collect();
    let shape = vec![batch.windows, 1 + batch.records, batch.roles];
    let mut tensors = vec![("symbols", TensorView::new(Dtype::U8, shape, &batch.symbols)?)];
    for p in &workers.map().parameters {
        let part = &bytes[p.range.start * 4..p.range.end * 4];
        tensors.push((&p.name, TensorView::new(Dtype::F32, p.shape.clone(), part)?));
    }
    let metadata = HashMap::from([
        ("mean_bits".to_string(), bits.to_string()),
        ("lag".to_string(), format!("{:?}", spec.lag)),
    ]);
    Ok(std::fs::write(path, safetensors::serialize(tensors, Some(metadata))?)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, schema, config, steps, threads, rest @ ..] = &arguments[..] else {
        return Err("usage: step_speed FILE SCHEMA CONFIG STEPS THREADS [START]".into());
    };
    let mut config = TrainConfig::read(Path::new(config))?;
    config.threads = threads.parse()?;
    let data = RecordSet::open(read_schema(Path::new(schema))?, &[file])?;
    let layout = RecordLayout::new(data.schema().clone());
    let parts = parts(&data, config.split.ratios()?)?;
    let (mut bytes, mut symbols) = (Vec::new(), Vec::new());
    data.read_records(0, parts.train_records() as usize, &mut bytes)?;
    layout.records_to_symbols(&bytes, &mut symbols);
    let spec = RecordSpec::from_sample(layout.clone(), &symbols);
    let records = (config.batch.tokens / layout.n_fields()).max(1);
    let mut sampler = Sampler::new(&data, &layout, &parts, records, &config.sampling, config.seed)?;
    let (mut workers, mut params) = Workers::<CpuBackend>::new(&config, &spec, &[])?;
    let mut adam = AdamW::new(params.len());
    let ranges = workers.map().decay_ranges();
    let pass = Pass::plain(config.batch.shards);
    if let [start, ..] = rest {
        let batch = sampler.draw(config.batch.sequences, config.batch.cold_start)?;
        write_start(start, &mut workers, (&params, &spec), &batch)?;
    }
    let mut seconds = Vec::new();
    let mut processor = None;
    for step in 0..WARM_UP + steps.parse::<usize>()?.max(1) {
        if step == WARM_UP {
            processor = processor_seconds();
        }
        let start = Instant::now();
        let batch = sampler.draw(config.batch.sequences, config.batch.cold_start)?;
        let output = workers.gradient(&params, &batch, pass);
        let scale = clip_factor(global_norm(&output.gradient), config.optimizer.clip_norm);
        let (optimizer, gradient) = (&config.optimizer, &output.gradient);
        adam.step(optimizer, 1e-3, scale, &mut params, gradient, &ranges);
        seconds.push(start.elapsed().as_secs_f64());
    }
    let processor = processor_seconds().zip(processor).map(|(end, start)| end - start);
    let seconds = &mut seconds[WARM_UP..];
    seconds.sort_by(f64::total_cmp);
    let tokens = config.batch.sequences * records * layout.n_fields();
    let speed = |seconds: f64| tokens as f64 / seconds;
    println!(
        "parameters {} tokens {tokens} threads {} best {:.0} median {:.0} cpu {:.0}",
        params.len(),
        workers.threads(),
        speed(seconds[0]),
        speed(seconds[seconds.len() / 2]),
        processor.map_or(0.0, |p| speed(p / seconds.len() as f64)),
    );
    Ok(())
}
