//! Damaged files: refused, left out in part, or read; what is read has the stated length.

use std::ops::ControlFlow;
use std::path::Path;

use vortex_base::random::SplitMix64;
use vortex_sources::open;

use super::files::{write_file, write_parquet, write_stream};
use super::tables::{Chance, Kinds};

/// Reads all that can be read.
fn read(path: &Path) {
    let Ok(source) = open(path) else { return };
    for (number, info) in source.datasets().iter().enumerate() {
        let mut total = 0u64;
        let read = source.stream(number, &mut |piece| {
            total += piece.len() as u64;
            Ok(if total > 1 << 20 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        assert!(read.is_err() || total == info.n_bytes() || total > 1 << 20, "{}", info.name);
    }
}

/// A byte at a time is changed, and the file is cut, `step` bytes apart.
fn damaged(path: &Path, step: usize) {
    let bytes = std::fs::read(path).unwrap();
    for at in (0..bytes.len()).step_by(step) {
        for change in [0x01, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            std::fs::write(path, &changed).unwrap();
            read(path);
        }
        std::fs::write(path, &bytes[..at]).unwrap();
        read(path);
    }
}

#[test]
fn damage_is_an_error_at_most() {
    for seed in 0..4 {
        let chance = &mut Chance(SplitMix64::new(seed));
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (schema, batches) = chance.table(Kinds::Parquet);
        write_parquet(&path("a.parquet"), &schema, &batches, chance);
        damaged(&path("a.parquet"), 67);
        let (schema, batches) = chance.table(Kinds::Arrow);
        write_file(&path("a.arrow"), &schema, &batches, chance);
        damaged(&path("a.arrow"), 71);
        write_stream(&path("a.arrows"), &schema, &batches, chance);
        damaged(&path("a.arrows"), 73);
    }
}
