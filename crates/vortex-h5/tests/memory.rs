//! Memory for a hostile chunk is bounded by blocks, not by what the chunk decodes to. This test runs alone in
//! its process, because it measures the peak memory.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use vortex_codec::{Compressor, ErrorKind, Level, Models};

const MIB: usize = 1 << 20;

/// Peak memory of this process in bytes, if the system reports it.
fn peak_memory() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<usize>().ok()? << 10)
}

#[test]
fn a_small_chunk_of_many_zeros_takes_little_memory() {
    let compressor = Compressor::new().level(Level::new(2).unwrap()).threads(1).verify(false);
    let mut member = Vec::new();
    compressor.compress(&vec![0; 16 * MIB][..], &mut member).unwrap();
    // Members may follow each other: together they are 2 GiB of zeros.
    let chunk = member.repeat(128);
    assert!(chunk.len() < MIB, "{} bytes", chunk.len());

    let before = peak_memory();
    let error = h5vortex::decode(&chunk, Some(48_000), &Arc::<Models>::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.message().contains("48000 bytes"), "{error}");
    if let (Some(before), Some(after)) = (before, peak_memory()) {
        let more = (after - before) / MIB;
        assert!(more < 100, "{more} MiB for a chunk of {} bytes", chunk.len());
    }
}
