//! Speed of training steps as the loop makes them: `step_speed FILE SCHEMA CONFIG STEPS`.
//!
//! A step is a batch of random windows, its gradient in all threads, the norm of the gradient, and AdamW. One line:
//! `parameters P tokens N steps S tokens/s V`, V from the median step. `experiments/pytorch_speed` runs it beside
//! PyTorch.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use vortex_coder::layout::RecordLayout;
use vortex_data::{RecordSet, read_schema};
use vortex_model::RecordSpec;
use vortex_train::optimizer::{AdamW, clip_factor, global_norm};
use vortex_train::sampler::{Sampler, parts};
use vortex_train::shard::Pass;
use vortex_train::workers::Workers;
use vortex_train::{CpuBackend, TrainConfig};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, schema, config, steps] = &arguments[..] else {
        return Err("usage: step_speed FILE SCHEMA CONFIG STEPS".into());
    };
    let config = TrainConfig::read(Path::new(config))?;
    let data = RecordSet::open(read_schema(Path::new(schema))?, &[file])?;
    let layout = RecordLayout::new(data.schema().clone());
    let parts = parts(&data, &config.split)?;
    let (mut bytes, mut symbols) = (Vec::new(), Vec::new());
    data.read_records(0, parts.train_records() as usize, &mut bytes)?;
    layout.records_to_symbols(&bytes, &mut symbols);
    let spec = RecordSpec::from_sample(layout.clone(), &symbols);
    let records = (config.batch.tokens / layout.n_fields()).max(1);
    let mut sampler = Sampler::new(&data, &layout, &parts, records, &config.sampling, config.seed)?;
    let (mut workers, mut params) =
        Workers::<CpuBackend>::new(&config, &spec, &Default::default())?;
    let mut adam = AdamW::new(params.len());
    let ranges = workers.map().decay_ranges();
    let pass = Pass::plain(config.batch.shards);
    let mut seconds = Vec::new();
    for _ in 0..steps.parse()? {
        let start = Instant::now();
        let batch = sampler.draw(config.batch.sequences, config.batch.cold_start)?;
        let output = workers.gradient(&params, &batch, pass);
        let scale = clip_factor(global_norm(&output.gradient), config.optimizer.clip_norm);
        let (optimizer, gradient) = (&config.optimizer, &output.gradient);
        adam.step(optimizer, 1e-3, scale, &mut params, gradient, &ranges);
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    let tokens = config.batch.sequences * records * layout.n_fields();
    let speed = tokens as f64 / seconds[seconds.len() / 2];
    let parameters = params.len();
    println!("parameters {parameters} tokens {tokens} steps {} tokens/s {speed:.0}", seconds.len());
    Ok(())
}
