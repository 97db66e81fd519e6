//! Trains on one file and evaluates the model on the test part of the file.
//!
//! `cargo run --release -p vortex-train --example train_file -- FILE SCHEMA OUT [CONFIG] [key=value...]`

use std::error::Error;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use vortex_data::{RecordSet, read_schema};
use vortex_infer::{Instructions, IntModel};
use vortex_train::block_cost;
use vortex_train::{LogLines, TrainConfig, step, train};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, schema, out, rest @ ..] = &arguments[..] else {
        return Err("usage: train_file FILE SCHEMA OUT [CONFIG] [section.key=value...]".into());
    };
    let mut config = TrainConfig::default();
    for argument in rest {
        match argument.split_once('=') {
            None => config = TrainConfig::read(Path::new(argument))?,
            Some((key, value)) => config = with(&config, key, value)?,
        }
    }
    let data = RecordSet::open(read_schema(Path::new(schema))?, &[file])?;
    let cancel = AtomicBool::new(false);
    let mut log = LogLines::new(std::io::stdout(), 10.0);
    let summary = train(&config, &data, Path::new(out), &mut log, &cancel, false)?;
    let model = summary.model.ok_or("cancelled")?;
    let test = step::parts(&data, config.split.ratios()?)?.test.pop().ok_or("no test part")?;
    let mut bytes = Vec::new();
    data.read_records(test.start, (test.end - test.start) as usize, &mut bytes)?;
    let network = IntModel::from_bytes(&std::fs::read(&model.path)?, Instructions::detect())?;
    let cost = block_cost(&network, &bytes)?;
    println!(
        "RESULT {file} steps {} seconds {:.0} parameters {} vxm {} float {:.4} simulated {:.4} integer {:.4} \
         (+{:.3} %) validation {:.4} test {:.4} flat {:?}",
        summary.steps,
        summary.seconds,
        summary.parameters,
        model.bytes,
        model.float_bits_per_byte,
        model.simulated_bits_per_byte,
        model.integer_bits_per_byte,
        model.integer_cost_percent,
        model.block_bits_per_byte,
        cost.bits_per_byte,
        summary.flat_roles,
    );
    Ok(())
}

/// The configuration with one dotted key replaced.
fn with(config: &TrainConfig, key: &str, value: &str) -> Result<TrainConfig, Box<dyn Error>> {
    let mut tree = serde_json::to_value(config)?;
    let path = format!("/{}", key.replace('.', "/"));
    let slot = tree.pointer_mut(&path).ok_or_else(|| format!("no key {key}"))?;
    *slot = serde_json::from_str(value)?;
    Ok(serde_json::from_value(tree)?)
}
