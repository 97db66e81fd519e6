//! What a table's first records say about how its values came to be.
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
    let found = discover(data.schema(), &sample, Search { decimals: true, laws: true })?;
    println!("{file}: {:.2} s", started.elapsed().as_secs_f64());
    for field in found.fields() {
        if let Some(grid) = field.grid {
            println!("  {}: {} digits, {} places", field.name, grid.digits(), grid.places());
        }
        if let Some(law) = &field.law {
            let name = |i: u16| &found.fields()[usize::from(i)].name;
            let sign = |minus| if minus { "-" } else { "+" };
            let terms: Vec<_> =
                law.terms.iter().map(|t| format!("{}{}", sign(t.minus), name(t.field))).collect();
            println!(
                "  {} = {:?} {} {}",
                field.name,
                law.form,
                f64::from_bits(law.constant),
                terms.join(" ")
            );
        }
    }
    Ok(())
}
