//! The input is a ROOT file: listing it and reading all its columns must give an error or values
//! that fit their type and their entries, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vortex_root::{Chunk, RootFile};

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = RootFile::from_bytes("fuzz", bytes.to_vec()) else { return };
    let mut chunk = Chunk::default();
    for path in file.trees() {
        let Ok(tree) = file.tree(path) else { continue };
        for column in tree.columns() {
            let Some(layout) = column.layout() else { continue };
            let Ok(mut reader) = tree.read(column) else { continue };
            let mut entries = 0;
            while let Ok(true) = reader.next_chunk(&mut chunk) {
                assert_eq!(chunk.first_entry, entries);
                entries += chunk.n_entries as u64;
                assert!(entries <= tree.entries());
                let counts = chunk.inner_counts.last().unwrap_or(&chunk.counts);
                let items = if layout.jagged {
                    assert_eq!(chunk.counts.len(), chunk.n_entries);
                    counts.iter().map(|n| *n as usize).sum()
                } else {
                    chunk.n_entries
                };
                assert_eq!(chunk.values.len(), items * layout.bytes_per_item());
            }
            // Any part of it, too.
            if tree.entries() < 10_000 {
                let _ = reader.read_entries(tree.entries() / 3..tree.entries() / 2, &mut chunk);
            }
        }
    }
});
