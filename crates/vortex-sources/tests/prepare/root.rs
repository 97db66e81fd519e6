//! ROOT files come back as arrays, and damage in one column costs only itself.

use std::fs;
use std::path::Path;

use vortex_sources::prepare::{PrepareOptions, prepare, restore};
use vortex_sources::{Source, open};

use super::{bytes_of, options};

#[test]
fn trees_come_back_as_arrays() {
    let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vortex-root/assets/columns.root");
    let tree = open(&input).unwrap();
    let names: Vec<_> = tree.datasets().iter().map(|d| (d.name.as_str(), d.n_records)).collect();
    // A record for each of 30 entries, and one for each of their 0 to 3 items.
    assert_eq!(names, [("sub/deep/events", 30), ("sub/deep/events/hit", 43)]);
    let fields = tree.datasets()[0].schema.fields();
    let counts = fields.iter().find(|f| f.name == "counts(hit)").unwrap();
    let stride = tree.datasets()[0].schema.stride();
    for (entry, record) in bytes_of(tree.as_ref(), 0).chunks_exact(stride).enumerate() {
        let stored = &record[counts.offset as usize..counts.end()];
        assert_eq!(stored, (entry as u32 % 4).to_le_bytes());
    }
    for options in options() {
        let folder = tempfile::tempdir().unwrap();
        let (data, back) = (folder.path().join("data"), folder.path().join("back"));
        let manifest = prepare(std::slice::from_ref(&input), &data, &options, &mut |_| {}).unwrap();
        assert!(manifest.sources[0].unread.iter().any(|u| u.name == "title"), "{manifest:?}");
        let files = restore(&manifest, &data, &back, &mut |_| {}).unwrap();
        assert_eq!(files[0].path, back.join("columns.root.npz"));
        let arrays = open(&files[0].path).unwrap();
        assert_eq!(arrays.datasets().len(), tree.datasets().len());
        for (number, info) in tree.datasets().iter().enumerate() {
            let array = &arrays.datasets()[number];
            assert_eq!((array.n_records, &array.schema), (info.n_records, &info.schema));
            let same = bytes_of(arrays.as_ref(), number) == bytes_of(tree.as_ref(), number);
            assert!(same, "{}", info.name);
        }
    }
}

#[test]
fn rntuples_come_back_as_arrays() {
    let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vortex-root/assets/ntuple.root");
    let tables = open(&input).unwrap();
    assert!(tables.unread().is_empty(), "{:?}", tables.unread());
    let names: Vec<_> = tables.datasets().iter().map(|d| (d.name.as_str(), d.n_records)).collect();
    // A record for each of 30 entries, and one for each item of the lists with equal lengths: "hit"
    // has those of the outer lists of "nested", and "either._1" those of "point.steps".
    let expected = [
        ("events", 30),
        ("events/either._0#0", 15),
        ("events/either._0", 15),
        ("events/either._1", 15),
        ("events/hit", 43),
        ("events/nested", 28),
        ("events/perhaps", 20),
        ("events/text", 60),
    ];
    assert_eq!(names, expected);
    for options in options() {
        let folder = tempfile::tempdir().unwrap();
        let (data, back) = (folder.path().join("data"), folder.path().join("back"));
        let manifest = prepare(std::slice::from_ref(&input), &data, &options, &mut |_| {}).unwrap();
        let files = restore(&manifest, &data, &back, &mut |_| {}).unwrap();
        assert_eq!(files[0].path, back.join("ntuple.root.npz"));
        let arrays = open(&files[0].path).unwrap();
        assert_eq!(arrays.datasets().len(), tables.datasets().len());
        for (number, info) in tables.datasets().iter().enumerate() {
            let same = bytes_of(arrays.as_ref(), number) == bytes_of(tables.as_ref(), number);
            assert!(same, "{}", info.name);
        }
    }
}

/// A damaged column is named, and the others are read.
#[test]
fn damage_in_one_column_leaves_the_others() {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vortex-root/assets");
    let folder = tempfile::tempdir().unwrap();
    let mut n = 0;
    for name in ["columns.root", "ntuple.root"] {
        let bytes = fs::read(assets.join(name)).unwrap();
        let whole = open(&assets.join(name)).unwrap();
        let fields = |source: &dyn Source| -> usize {
            source.datasets().iter().map(|d| d.schema.fields().len()).sum()
        };
        for at in (200..bytes.len() - 200).step_by(bytes.len() / 80) {
            let mut damaged = bytes.clone();
            damaged[at..at + 2].iter_mut().for_each(|byte| *byte ^= 0x55);
            let path = folder.path().join(name);
            fs::write(&path, damaged).unwrap();
            let Ok(source) = open(&path) else { continue };
            let listed = |source: &dyn Source| source.unread().len() + source.left_out().len();
            if listed(source.as_ref()) > listed(whole.as_ref()) && !source.datasets().is_empty() {
                assert!(fields(source.as_ref()) < fields(whole.as_ref()), "{name}: byte {at}");
                n += 1;
            }
            for number in 0..source.datasets().len() {
                let records = bytes_of(source.as_ref(), number);
                let info = &source.datasets()[number];
                assert_eq!(records.len() as u64, info.n_records * info.schema.stride() as u64);
            }
        }
    }
    assert!(n >= 10, "{n} files with a damaged column");
}

/// A basket that is damaged costs its table, and no other.
#[test]
fn a_damaged_basket_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let whole =
        fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../vortex-root/assets/columns.root"));
    let whole = whole.unwrap();
    let path = folder.path().join("damaged.root");
    let options = PrepareOptions::default();
    let mut found = 0;
    for at in (300..whole.len() - 300).step_by(131) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        fs::write(&path, &bytes).unwrap();
        let data = folder.path().join(format!("data{at}"));
        let Ok(manifest) = prepare(std::slice::from_ref(&path), &data, &options, &mut |_| {})
        else {
            continue;
        };
        let source = &manifest.sources[0];
        if !source.left_out.is_empty() {
            assert!(!source.datasets.is_empty());
            assert!(source.left_out.iter().all(|part| part.name.starts_with("sub/deep/events")));
            let files = fs::read_dir(&data).unwrap().count();
            assert_eq!(files, 1 + 2 * manifest.streams().count());
            found += 1;
        }
    }
    assert!(found > 0, "no damage of one table alone");
}
