//! A table of files at some levels beside pcodec level 12: bits a byte and MB/s, one thread, decoded and compared.
//!
//! `cargo run --release -p vortex-codec --features baselines --example levels -- 123 FILE...`
//!
//! What a record is, a sidecar says, or the bytes (`DETECT=1`: always the bytes). pcodec gets the same records, one column each.
//! Times of Vortex are those of all it does, the look before coding included.

use std::path::Path;
use std::time::Instant;

use vortex_codec::baselines::{Choice, list, measure};
use vortex_codec::plan::Subject;
use vortex_codec::{Compressor, Decompressor, Level, Result};

/// Runs of which the quickest counts.
const RUNS: usize = 3;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let levels = arguments.next().unwrap_or_default();
    let levels: Vec<Level> =
        levels.chars().map(|level| level.to_string().parse()).collect::<Result<_>>()?;
    let detect = std::env::var_os("DETECT").is_some();
    let pcodec = list(Choice::All).into_iter().find(|codec| codec.name().starts_with("pcodec"));
    let pcodec = pcodec.expect("one of the baselines");

    let titles = levels.iter().map(|level| format!(" -{level} | MB/s, back |"));
    println!("| file | pcodec 12 | MB/s, back |{}", titles.collect::<String>());
    println!("|---|---|---|{}", "---|---|".repeat(levels.len()));
    let mut ratios = vec![0.0; levels.len()];
    let mut files = 0;
    for path in arguments {
        let bytes = std::fs::read(&path)?;
        let name = Path::new(&path).file_stem().unwrap_or_default().to_string_lossy();
        let bits = |len: usize| 8.0 * len as f64 / bytes.len() as f64;
        let speed = |seconds: f64| bytes.len() as f64 / 1e6 / seconds;
        let subject = if detect { Subject::Bytes(&bytes) } else { Subject::File(path.as_ref()) };
        let records = Compressor::new().level(Level::FASTEST).plan(subject)?;
        let rival = measure(pcodec.as_ref(), &bytes, records.schema())?;
        let [there, back] = [rival.encode, rival.decode].map(|time| speed(time.as_secs_f64()));
        let rival = bits(rival.bytes as usize);
        print!("| {name} | {rival:.3} | {there:.0}, {back:.0} |");
        for (level, ratio) in levels.iter().zip(&mut ratios) {
            let compressor = Compressor::new().level(*level).threads(1).verify(false);
            let (mut there, mut back) = (f64::INFINITY, f64::INFINITY);
            let mut len = 0;
            for _ in 0..RUNS {
                let start = Instant::now();
                let mut packed = Vec::new();
                compressor.compress_as(&compressor.plan(subject)?, &bytes[..], &mut packed)?;
                there = there.min(start.elapsed().as_secs_f64());
                let start = Instant::now();
                let mut found = Vec::with_capacity(bytes.len());
                Decompressor::new().threads(1).decompress(&packed[..], &mut found)?;
                back = back.min(start.elapsed().as_secs_f64());
                assert!(found == bytes, "{path} came back different at level {level}");
                len = packed.len();
            }
            *ratio += (bits(len) / rival).ln();
            print!(" {:.3} | {:.0}, {:.0} |", bits(len), speed(there), speed(back));
        }
        println!();
        files += 1;
    }
    for (level, ratio) in levels.iter().zip(ratios) {
        let smaller = 100.0 * (1.0 - (ratio / f64::from(files.max(1))).exp());
        println!("\nLevel {level}: {smaller:.1} % smaller than pcodec in geometric mean.");
    }
    Ok(())
}
