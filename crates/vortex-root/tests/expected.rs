//! Compares every column of every real ROOT file with the result of uproot.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};
use vortex_root::DType;
use vortex_root::{Chunk, Column, Content, RootFile, Tree};

/// Folder of the real files, which are not part of this repository.
fn raw() -> Option<PathBuf> {
    let data = std::env::var_os("VORTEX_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let raw = data.join("raw");
    if raw.join("expected.json").is_file() {
        return Some(raw);
    }
    eprintln!("skipped: no expected.json in {} (set VORTEX_DATA)", raw.display());
    None
}

fn hex(digest: Sha256) -> String {
    vortex_base::hex::encode(&digest.finalize())
}

#[derive(Default, Debug)]
struct Counts {
    equal: usize,
    unreadable: usize,
    unread_by_both: usize,
    read_by_us_alone: usize,
    wrong: usize,
}

/// The name that numpy prints.
fn long_name(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "bool",
        DType::U8 => "uint8",
        DType::I8 => "int8",
        DType::U16 => "uint16",
        DType::I16 => "int16",
        DType::U32 => "uint32",
        DType::I32 => "int32",
        DType::U64 => "uint64",
        DType::I64 => "int64",
        DType::F32 => "float32",
        DType::F64 => "float64",
        DType::F16 | DType::Bf16 => unreachable!("ROOT has no such type"),
    }
}

/// Type, shape and digests of a column, in the form of the expected file.
fn described(tree: &Tree<'_>, column: &Column) -> Value {
    let layout = column.layout().expect("a readable column");
    let (mut values, mut offsets) = (Sha256::new(), Sha256::new());
    let (mut items, mut n_bytes, mut entries) = (0i64, 0, 0);
    let mut inner = BTreeSet::new();
    offsets.update(items.to_le_bytes());
    let mut reader = tree.read(column).expect("its baskets");
    let mut chunk = Chunk::default();
    while reader.next_chunk(&mut chunk).expect("sound baskets") {
        assert_eq!(chunk.first_entry, entries);
        entries += chunk.n_entries as u64;
        n_bytes += chunk.values.len();
        values.update(&chunk.values);
        inner.extend(chunk.inner_counts.iter().flatten().copied());
        for n in &chunk.counts {
            items += i64::from(*n);
            offsets.update(items.to_le_bytes());
        }
    }
    assert_eq!(entries, tree.entries());
    assert_eq!(n_bytes % layout.bytes_per_item(), 0);
    let n_values = n_bytes / layout.bytes_per_item();
    let mut shape = match (layout.inner_levels, inner.first()) {
        // Vectors that all have the same length: uproot makes an array of them.
        (1, Some(n)) if inner.len() == 1 => vec![items as usize, *n as usize],
        _ => vec![n_values],
    };
    if layout.jagged && layout.inner_levels == 0 {
        assert_eq!(items, n_values as i64);
    }
    shape.extend(&layout.shape);
    let mut described = serde_json::json!({
        "dtype": long_name(layout.dtype),
        "shape": shape,
        "sha256": hex(values),
    });
    if layout.jagged {
        described["offsets_sha256"] = hex(offsets).into();
    }
    described
}

#[test]
fn every_column_is_equal_to_what_uproot_reads_or_is_named_with_a_reason() {
    let Some(raw) = raw() else { return };
    let expected: Value =
        serde_json::from_str(&std::fs::read_to_string(raw.join("expected.json")).unwrap()).unwrap();
    let files = expected.as_object().unwrap();
    let mut sums = Counts::default();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    println!("{:32} {:>6} {:>11} {:>9} {:>6}", "file", "equal", "unreadable", "more", "wrong");
    for (name, trees) in files.iter().filter(|(name, _)| name.ends_with(".root")) {
        let file = RootFile::open(&raw.join(name)).unwrap();
        let mut counts = Counts::default();
        for (tree_name, expected) in trees.as_object().into_iter().flatten() {
            let Some(branches) = expected["branches"].as_object() else { continue };
            let tree = file.tree(tree_name).unwrap();
            assert_eq!(Some(tree.entries()), expected["entries"].as_u64(), "{name} {tree_name}");
            let mut named = BTreeSet::new();
            for column in tree.columns() {
                let expected = branches.get(&column.name);
                named.insert(column.name.as_str());
                let unread = expected.is_none_or(|e| e.get("unread").is_some());
                match &column.content {
                    Content::Values(_) if unread => {
                        // It is not compared, but it must be readable.
                        described(&tree, column);
                        counts.read_by_us_alone += 1;
                    }
                    Content::Values(_) => {
                        let found = described(&tree, column);
                        if Some(&found) == expected {
                            counts.equal += 1;
                        } else {
                            counts.wrong += 1;
                            println!("WRONG {name} {}: {found} for {expected:?}", column.path);
                        }
                    }
                    Content::Unreadable(reason) => {
                        *reasons.entry(reason.clone()).or_default() += 1;
                        if unread {
                            counts.unread_by_both += 1;
                        } else {
                            counts.unreadable += 1;
                            println!("UNREADABLE {name} {}: {reason}", column.path);
                        }
                    }
                    _ => {}
                }
            }
            for branch in branches.keys() {
                // Objects of numbers have a column for each member.
                let members = format!("{branch}.");
                let there = named.contains(branch.as_str())
                    || named.iter().any(|column| column.starts_with(&members));
                assert!(there, "{name} {tree_name}: {branch} is dropped");
            }
        }
        println!(
            "{name:32} {:6} {:5} + {:3} {:9} {:6}",
            counts.equal,
            counts.unread_by_both,
            counts.unreadable,
            counts.read_by_us_alone,
            counts.wrong
        );
        sums.equal += counts.equal;
        sums.unreadable += counts.unreadable;
        sums.unread_by_both += counts.unread_by_both;
        sums.read_by_us_alone += counts.read_by_us_alone;
        sums.wrong += counts.wrong;
    }
    println!("{sums:?}");
    for (reason, n) in reasons {
        println!("{n:6} {reason}");
    }
    assert_eq!(sums.wrong, 0);
    assert_eq!(sums.unreadable, 0, "all that uproot reads as numbers is read");
    assert!(sums.equal > 4400, "{sums:?}");
}

/// The same 40 events as a tree and as an RNTuple.
#[test]
fn an_rntuple_has_the_values_of_the_tree_it_was_made_from() {
    let Some(raw) = raw() else { return };
    let expected: Value =
        serde_json::from_str(&std::fs::read_to_string(raw.join("expected.json")).unwrap()).unwrap();
    let branches = &expected["cms_nano_dimuon.root"]["Events"]["branches"];
    let file = RootFile::open(&raw.join("cms_nano_dimuon_rntuple.root")).unwrap();
    let events = file.objects().iter().find(|object| object.path == "Events").unwrap();
    assert_eq!((&*events.class, &events.unreadable), ("ROOT::RNTuple", &None));
    let tree = file.tree("Events").unwrap();
    assert_eq!(tree.entries(), 40);
    for column in tree.columns() {
        assert!(column.layout().is_some(), "{column:?}");
        assert_eq!(&described(&tree, column), &branches[&column.path], "{}", column.path);
    }
    // The others of the 1,601 branches are the sizes of the 14 collections.
    assert_eq!(tree.columns().len(), 1587);
}
