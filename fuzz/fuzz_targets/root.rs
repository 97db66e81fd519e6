//! The input is a ROOT file: listing it and reading all its columns must give an error or values
//! that fit their type and their entries, never a panic. The checksums of RNTuples are made right
//! first, so that what they protect is reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vortex_root::{Chunk, RootFile};
use xxhash_rust::xxh3::xxh3_64;

/// Bytes of values that are read of one input.
const MOST: usize = 16 << 20;

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    let mut sealed = bytes.to_vec();
    if seal(&mut sealed) {
        read(&sealed);
    }
});

fn read(bytes: &[u8]) {
    let Ok(file) = RootFile::from_bytes("fuzz", bytes.to_vec()) else { return };
    let mut chunk = Chunk::default();
    let mut total = 0;
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
                total += chunk.values.len() + 4 * chunk.n_entries;
                if total > MOST {
                    return;
                }
            }
            // Any part of it, too.
            if tree.entries() < 10_000 {
                let _ = reader.read_entries(tree.entries() / 3..tree.entries() / 2, &mut chunk);
            }
        }
    }
}

/// Writes the checksums of everything that looks like an uncompressed envelope of an RNTuple, and of
/// its anchor; false if there is no anchor.
fn seal(bytes: &mut [u8]) -> bool {
    // The checksum of the header is in the footer and in the page lists, which come after it.
    let mut header: Option<[u8; 8]> = None;
    for kind in [1, 3, 2] {
        let mut at = 0;
        while let Some(head) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
            let head = u64::from_le_bytes(*head);
            let end = usize::try_from(head >> 16).ok().and_then(|len| at.checked_add(len));
            let end = end.filter(|end| *end <= bytes.len() && *end >= at + 24);
            let (Some(end), true) = (end, head & 0xffff == kind) else {
                at += 1;
                continue;
            };
            let owner = at + if kind == 2 { 16 } else { 8 };
            if let (Some(header), true, true) = (header, kind != 1, owner + 8 <= end - 8) {
                bytes[owner..owner + 8].copy_from_slice(&header[..]);
            }
            let checksum = xxh3_64(&bytes[at..end - 8]).to_le_bytes();
            bytes[end - 8..end].copy_from_slice(&checksum);
            if kind == 1 && header.is_none() {
                header = Some(checksum);
            }
            at = end;
        }
    }
    // The last "ROOT::RNTuple" is in the list of keys; the anchor follows the others.
    const CLASS: &[u8] = b"\x0dROOT::RNTuple";
    let mut found = false;
    for at in 0..bytes.len().saturating_sub(CLASS.len()) {
        if !bytes[at..].starts_with(CLASS) {
            continue;
        }
        let mut object = at + CLASS.len();
        for _ in ["name", "title"] {
            object += 1 + bytes.get(object).map_or(0, |n| usize::from(*n));
        }
        let fields = object + 6..object + 6 + 64;
        if let Some(checksum) =
            bytes.get(fields.clone()).map(|fields| xxh3_64(fields).to_be_bytes())
            && let Some(place) = bytes.get_mut(fields.end..fields.end + 8)
        {
            place.copy_from_slice(&checksum);
            found = true;
        }
    }
    found
}
