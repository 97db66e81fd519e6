//! The cost of records row by row and field by field, under the built-in predictor:
//! `cargo run --release -p vortex-sources --example layouts -- FILE...`

use std::ops::ControlFlow;
use std::path::Path;

use vortex_sources::open;
use vortex_sources::prepare::measure;

/// Bytes of each dataset that are measured.
const SAMPLE: usize = 2 << 20;

fn main() -> vortex_sources::Result<()> {
    for file in std::env::args_os().skip(1) {
        let source = open(Path::new(&file))?;
        let mut sums = [0.0; 4];
        println!(
            "{}\n{:>40} {:>10} {:>8} {:>8}",
            file.display(),
            "dataset",
            "bytes",
            "row",
            "column"
        );
        for (number, info) in source.datasets().iter().enumerate() {
            let mut sample = Vec::new();
            source.stream(number, &mut |piece| {
                let take = piece.len().min(SAMPLE - sample.len());
                sample.extend_from_slice(&piece[..take]);
                let full = sample.len() == SAMPLE;
                Ok(if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
            sample.truncate(sample.len() - sample.len() % info.schema.stride());
            if sample.is_empty() {
                continue;
            }
            let costs = measure(&info.schema, &sample);
            let n = sample.len() as f64;
            println!(
                "{:>40} {:>10} {:>8.3} {:>8.3}",
                info.name,
                sample.len(),
                costs.row / n,
                costs.column / n
            );
            let all = [n, costs.row, costs.column, costs.row.min(costs.column)];
            sums.iter_mut().zip(all).for_each(|(sum, x)| *sum += x);
        }
        let [n, row, column, best] = sums;
        println!(
            "all: {n} bytes; bits a byte: row {:.3}, column {:.3}, the better one of each {:.3}\n",
            row / n,
            column / n,
            best / n
        );
    }
    Ok(())
}
