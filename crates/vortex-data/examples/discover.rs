//! Shows what the search finds in the first records of a table: decimals, laws and distances.
//!
//! `cargo run --release -p vortex-data --example discover -- FILE SCHEMA`

use std::error::Error;
use std::path::Path;

use vortex_data::{RecordSet, Search, discover, read_schema};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, schema] = &arguments[..] else { return Err("usage: discover FILE SCHEMA".into()) };
    let data = RecordSet::open(read_schema(Path::new(schema))?, &[file])?;
    let records = ((4 << 20) / data.schema().stride()).min(data.n_records() as usize);
    let mut sample = Vec::new();
    data.read_records(0, records, &mut sample)?;
    let started = std::time::Instant::now();
    let found = discover(data.schema(), &sample, Search::default())?;
    println!("{file}: {:.2} s", started.elapsed().as_secs_f64());
    for line in found.describe() {
        println!("  {line}");
    }
    Ok(())
}
