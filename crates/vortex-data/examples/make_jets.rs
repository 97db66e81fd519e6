//! Writes synthetic jets and their schema, detects the schema from the bytes, and prints the speed
//! of both.
//!
//!     cargo run --release -p vortex-data --example make_jets -- jets.bin 100000 1

use std::path::PathBuf;
use std::time::Instant;

use vortex_data::{SyntheticJets, detect, write_schema};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: make_jets FILE [RECORDS [SEED]]";
    let path = PathBuf::from(arguments.next().ok_or(usage)?);
    let n_records: usize = arguments.next().map_or(Ok(100_000), |n| n.parse())?;
    let seed: u64 = arguments.next().map_or(Ok(1), |n| n.parse())?;

    let start = Instant::now();
    let bytes = SyntheticJets::generate(seed, n_records);
    let made = start.elapsed();
    let megabytes = bytes.len() as f64 / 1e6;
    println!("{megabytes:.1} MB made, {:.0} MB/s", megabytes / made.as_secs_f64());

    let start = Instant::now();
    let found = detect(&bytes);
    let stride = found.schema.stride();
    println!("stride {stride} detected in {:.2} s", start.elapsed().as_secs_f64());

    let (lower, _) = SyntheticJets::new(seed).entropy_bits_per_record();
    let stride = SyntheticJets::schema().stride();
    println!("entropy {lower:.3} bits a record, {:.4} bits a byte", lower / stride as f64);

    std::fs::write(&path, &bytes)?;
    write_schema(&path.with_extension("schema.yaml"), &SyntheticJets::schema())?;
    Ok(())
}
