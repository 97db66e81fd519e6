//! Times the search for decimals, laws and distances on a made table of many fields:
//! `cargo run --release -p vortex-data --example search_time [FIELDS]`, 1,500 if not given.
//!
//! The table looks like one of physics: groups of pt, eta, phi, mass and energy, of which the energy follows from the others,
//! counts, flags, and numbers with a short mantissa.

use std::time::Instant;

use vortex_base::random::SplitMix64;
use vortex_coder::Schema;
use vortex_coder::schema::{DType, Field};
use vortex_data::{Search, discover};

/// Bytes of a sample that `vortex compress` looks at.
const SAMPLE_BYTES: usize = 8 << 20;

fn main() {
    let fields = std::env::args().nth(1).map_or(1500, |n| n.parse().expect("a number of fields"));
    let (schema, sample) = table(fields);
    let records = sample.len() / schema.stride();
    println!("{fields} fields, {records} records of {} bytes", schema.stride());
    let none = Search { decimals: false, laws: false, deltas: false };
    let searches = [
        ("decimals", Search { decimals: true, ..none }),
        ("laws", Search { laws: true, ..none }),
        ("distances", Search { deltas: true, ..none }),
    ];
    for (name, search) in searches {
        let start = Instant::now();
        let found = discover(&schema, &sample, search).expect("a valid schema").found.len();
        println!("{name:>9}: {:6.2} s, {found} found", start.elapsed().as_secs_f64());
    }
}

fn table(fields: usize) -> (Schema, Vec<u8>) {
    let names = ["pt", "eta", "phi", "mass", "e", "n", "flags", "short"];
    let field = |i: usize| {
        let kind = i % names.len();
        let dtype = if kind == 5 || kind == 6 { DType::I32 } else { DType::F32 };
        Field::new(format!("{}_{}", names[kind], i / names.len()), dtype, 4 * i as u32)
    };
    let schema = Schema::new(4 * fields, (0..fields).map(field).collect()).expect("a valid schema");
    let mut random = SplitMix64::new(1);
    let mut sample = Vec::new();
    for _ in 0..SAMPLE_BYTES / schema.stride() {
        let mut at = [0.0; 5];
        for i in 0..fields {
            let kind = i % names.len();
            if kind == 0 {
                let [pt, mass] = [0; 2].map(|_| -30.0 * (1.0 - random.unit()).ln());
                let [eta, phi] = [0; 2].map(|_| 3.0 * (2.0 * random.unit() - 1.0));
                let e = (pt * pt * eta.cosh().powi(2) + mass * mass).sqrt();
                at = [pt, eta, phi, mass, e].map(|x| x as f32);
            }
            let bytes = match kind {
                0..5 => at[kind].to_le_bytes(),
                5 => (random.bits(3) as i32).to_le_bytes(),
                6 => (1i32 << random.bits(4)).to_le_bytes(),
                _ => ((random.bits(24) as f32).to_bits() & !0xfff).to_le_bytes(),
            };
            sample.extend(bytes);
        }
    }
    (schema, sample)
}
