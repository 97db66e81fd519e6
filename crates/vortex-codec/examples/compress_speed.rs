//! Seconds to compress a file from memory: a run for each line of the standard input, with its
//! seconds and the compressed bytes as the answer. `python/bench/speed.py` compares with it.
//!
//! `cargo run --release -p vortex-codec --example compress_speed -- FILE LEVEL`

use std::io::BufRead;
use std::path::Path;
use std::time::Instant;

use vortex_codec::data::schema_of;
use vortex_codec::{Compressor, Error, Level, Result};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_default();
    let level: Level = arguments.next().unwrap_or_default().parse()?;
    let bytes = std::fs::read(&path)?;
    let (schema, _) = schema_of(Path::new(&path), None)?;
    let compressor = Compressor::new().schema(schema).level(level).threads(1);
    for line in std::io::stdin().lock().lines() {
        line.map_err(Error::from)?;
        let start = Instant::now();
        let mut file = Vec::new();
        compressor.compress(&bytes[..], &mut file)?;
        println!("{} {}", start.elapsed().as_secs_f64(), file.len());
    }
    Ok(())
}
