//! The exact size of every fixed input at every level, compared with `regressions/sizes.csv`.
//!
//! A change that makes files larger, or smaller, shows in that table:
//! `UPDATE_SIZES=1 cargo test --release -p vortex-benches --test sizes` writes it anew.

use std::path::Path;

use vortex_benches::inputs;
use vortex_codec::{Compressor, Level, decompress};

/// Bytes of an input.
const LEN: usize = 96 << 10;

fn measured() -> String {
    let mut table = String::from("input,bytes,level,compressed_bytes\n");
    for input in inputs::all(LEN) {
        for number in 1..=8 {
            let level = Level::new(number).expect("1 to 9");
            let mut compressor = Compressor::new().level(level).threads(1);
            if let Some(schema) = input.schema.clone() {
                compressor = compressor.schema(schema);
            }
            let mut file = Vec::new();
            compressor.compress(&input.bytes[..], &mut file).expect("memory takes it");
            assert!(decompress(&file).expect("it was just written") == input.bytes);
            let (name, bytes) = (input.name, input.bytes.len());
            table += &format!("{name},{bytes},{number},{}\n", file.len());
        }
    }
    table
}

#[test]
fn sizes_are_those_of_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions/sizes.csv");
    let found = measured();
    if std::env::var_os("UPDATE_SIZES").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        std::fs::write(&path, &found).expect("the table can be written");
    }
    let stored = std::fs::read_to_string(&path).expect("the table is in the repository");
    let changed: Vec<String> = found
        .lines()
        .zip(stored.lines())
        .filter(|(found, stored)| found != stored)
        .map(|(found, stored)| format!("  {stored}  ->  {found}"))
        .collect();
    assert!(
        changed.is_empty() && found.lines().count() == stored.lines().count(),
        "sizes changed. If that is meant, write the table anew (UPDATE_SIZES=1), and say why in the \
         commit:\n{}",
        changed.join("\n")
    );
}
