//! A table of the memory of configurations: `estimates CONFIG...`, for records like the demo's
//! jets.
//!
//! For each configuration: its parameters, the largest step of a run on a GPU (weights +
//! activations + optimiser state, 32-bit numbers), and a whole run on a CPU with as many threads as
//! shards. Only the estimates are computed.

use std::error::Error;
use std::path::Path;

use vortex_coder::layout::RecordLayout;
use vortex_data::synthetic::SyntheticJets;
use vortex_model::RecordSpec;
use vortex_model::estimate::Kernels;
use vortex_train::{TrainConfig, memory};

fn main() -> Result<(), Box<dyn Error>> {
    let spec = RecordSpec::new(RecordLayout::new(SyntheticJets::schema()));
    println!("| configuration | parameters | step on a GPU, GiB | run on a CPU, GiB |");
    println!("|---|---|---|---|");
    for path in std::env::args().skip(1) {
        let mut config = TrainConfig::read(Path::new(&path))?;
        config.threads = config.batch.shards;
        let (sequences, tokens) = (config.batch.sequences, config.batch.tokens);
        let step = config.model.quantised_estimate(&spec, sequences, tokens, Kernels::Tensors);
        let records = (tokens / spec.n_fields()).max(1);
        println!(
            "| `{path}` | {:.1} M | {:.2} + {:.2} + {:.2} = {:.2} | {:.2} |",
            config.model.parameter_count(&spec) as f64 / 1e6,
            step.parameters_gb,
            step.activations_gb,
            step.optimiser_gb,
            step.total_gb(),
            memory::estimate(&config, &spec, records) as f64 / (1u64 << 30) as f64,
        );
    }
    Ok(())
}
