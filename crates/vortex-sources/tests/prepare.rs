//! Round trips: prepared folders restore to the same values.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use vortex_data::SplitRatios;
use vortex_data::{read_schema, schema_of};
use vortex_sources::prepare::{
    Layout, LayoutRule, MANIFEST_NAME, Manifest, PrepareOptions, prepare, restore,
};
use vortex_sources::{Source, open};

fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets")
}

fn bytes_of(source: &dyn Source, dataset: usize) -> Vec<u8> {
    let mut all = Vec::new();
    source
        .stream(dataset, &mut |piece| {
            all.extend_from_slice(piece);
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
    all
}

/// Every dataset of `there` is in `back`, with the same description and the same bytes.
fn assert_equal(there: &Path, back: &Path) {
    let (there, back) = (open(there).unwrap(), open(back).unwrap());
    assert_eq!(there.datasets().len(), back.datasets().len());
    for (number, info) in there.datasets().iter().enumerate() {
        let other = back.datasets().iter().position(|d| d.name == info.name).unwrap();
        let found = &back.datasets()[other];
        assert_eq!(found, info);
        assert!(
            bytes_of(there.as_ref(), number) == bytes_of(back.as_ref(), other),
            "{}",
            info.name
        );
    }
}

/// Every dataset of `there` is in `back`, with the same bytes.
fn assert_equal_values(there: &Path, back: &Path) {
    let (there, back) = (open(there).unwrap(), open(back).unwrap());
    assert_eq!(there.datasets().len(), back.datasets().len());
    for (number, info) in there.datasets().iter().enumerate() {
        let other = back.datasets().iter().position(|d| d.name == info.name).unwrap();
        let same = bytes_of(there.as_ref(), number) == bytes_of(back.as_ref(), other);
        assert!(same, "{}", info.name);
    }
}

fn options() -> Vec<PrepareOptions> {
    let split = SplitRatios::DEFAULT;
    let mut all = Vec::new();
    for layout in [
        LayoutRule::Training,
        LayoutRule::Coding,
        LayoutRule::Fixed(Layout::Row),
        LayoutRule::Fixed(Layout::Column),
    ] {
        for seed in [None, Some(3)] {
            all.push(PrepareOptions { layout: layout.clone(), split, seed, strict: false });
        }
    }
    all
}

#[test]
fn datasets_come_back() {
    for name in ["old.h5", "new.h5", "mixed.npy", "fortran.npy", "stored.npz", "packed.npz"] {
        for options in options() {
            let folder = tempfile::tempdir().unwrap();
            let (data, back) = (folder.path().join("data"), folder.path().join("back"));
            let manifest = prepare(&[assets().join(name)], &data, &options, &mut |_| {}).unwrap();
            assert_eq!(Manifest::read(&data.join(MANIFEST_NAME)).unwrap(), manifest);
            for stream in manifest.streams() {
                // The schema beside a stream is the one that training reads.
                let path = data.join(&stream.file);
                let (schema, _) = schema_of(&path, None).unwrap();
                assert_eq!(schema, read_schema(&path.with_extension("schema.yaml")).unwrap());
                assert!(stream.bytes.is_multiple_of(schema.stride() as u64));
            }
            let files = restore(&manifest, &data, &back, &mut |_| {}).unwrap();
            assert_eq!(files[0].path, back.join(name));
            assert_equal(&assets().join(name), &back.join(name));
            // Nothing is overwritten.
            assert!(restore(&manifest, &data, &back, &mut |_| {}).is_err());
        }
    }
}

#[test]
fn arrays_come_back_byte_for_byte() {
    for name in ["mixed", "fortran", "big", "scalar", "specials", "dates", "empty", "unicode"] {
        let folder = tempfile::tempdir().unwrap();
        let input = assets().join(format!("{name}.npy"));
        let manifest = prepare(
            std::slice::from_ref(&input),
            folder.path(),
            &PrepareOptions::default(),
            &mut |_| {},
        );
        let back = folder.path().join("back");
        restore(&manifest.unwrap(), folder.path(), &back, &mut |_| {}).unwrap();
        let same = fs::read(back.join(format!("{name}.npy"))).unwrap() == fs::read(&input).unwrap();
        assert!(same, "{name}");
    }
}

#[test]
fn arrays_of_one_file_come_back_together() {
    let folder = tempfile::tempdir().unwrap();
    let (input, data) = (folder.path().join("two.npy"), folder.path().join("data"));
    let arrays = [fs::read(assets().join("mixed.npy")), fs::read(assets().join("big.npy"))];
    let mut bytes: Vec<u8> = arrays.into_iter().flatten().flatten().collect();
    bytes.extend(b"and text");
    fs::write(&input, &bytes).unwrap();
    let options = PrepareOptions::default();
    let manifest = prepare(std::slice::from_ref(&input), &data, &options, &mut |_| {}).unwrap();
    assert_eq!(manifest.sources[0].datasets.len(), 3);
    let back = folder.path().join("back");
    restore(&manifest, &data, &back, &mut |_| {}).unwrap();
    assert!(fs::read(back.join("two.npy")).unwrap() == bytes);
}

#[test]
fn inputs_of_one_name_come_back_under_two() {
    let folder = tempfile::tempdir().unwrap();
    let mut inputs = Vec::new();
    for (run, bytes) in [("run1", b"first".repeat(9)), ("run2", b"second".repeat(9))] {
        fs::create_dir(folder.path().join(run)).unwrap();
        inputs.push(folder.path().join(run).join("events.txt"));
        fs::write(inputs.last().unwrap(), bytes).unwrap();
    }
    let (data, back) = (folder.path().join("data"), folder.path().join("back"));
    let manifest = prepare(&inputs, &data, &PrepareOptions::default(), &mut |_| {}).unwrap();
    let files = restore(&manifest, &data, &back, &mut |_| {}).unwrap();
    let names: Vec<_> = files.iter().map(|file| file.path.file_name().unwrap()).collect();
    assert_eq!(names, ["events.txt", "events~2.txt"]);
    for (input, file) in inputs.iter().zip(&files) {
        assert!(fs::read(input).unwrap() == fs::read(&file.path).unwrap());
    }
}

#[test]
fn a_file_that_should_be_the_same_is_compared_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (input, data) = (folder.path().join("a.safetensors"), folder.path().join("data"));
    fs::write(&input, safetensors()).unwrap();
    let mut manifest = prepare(&[input], &data, &PrepareOptions::default(), &mut |_| {}).unwrap();
    manifest.sources[0].datasets.remove(1);
    let back = folder.path().join("back");
    let error = restore(&manifest, &data, &back, &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("missing or changed"), "{error}");
    assert!(!back.join("a.safetensors").exists());
}

/// A file of three tensors.
fn safetensors() -> Vec<u8> {
    let header = br#"{"b":{"dtype":"BF16","shape":[2,3],"data_offsets":[8,20]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"x":"y"},"c":{"dtype":"F8_E4M3","shape":[3],"data_offsets":[20,23]}}"#;
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    file.extend(0..23u8);
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// A `.tar.gz` of files with the same text.
fn tar_gzip(names: &[&str], text: &[u8]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for name in names {
        let mut entry = tar::Header::new_gnu();
        entry.set_size(text.len() as u64);
        entry.set_mode(0o644);
        archive.append_data(&mut entry, name, text).unwrap();
    }
    gzip(&archive.into_inner().unwrap())
}

#[test]
fn safetensors_and_archives_of_text_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (file, text) = (safetensors(), b"E 1 2 3\nP 4 5.5e-3\n".repeat(500));
    fs::write(path("t.safetensors"), &file).unwrap();
    fs::write(path("plain.hepmc"), &text).unwrap();
    // Two consecutive members are one file, as for gunzip.
    fs::write(path("one.hepmc.gz"), [gzip(&text[..100]), gzip(&text[100..])].concat()).unwrap();
    let archive = tar_gzip(&["x/first.hepmc", "second.hepmc"], &text);
    fs::write(path("two.tar.gz.1"), archive).unwrap();

    let inputs: Vec<PathBuf> = ["t.safetensors", "plain.hepmc", "one.hepmc.gz", "two.tar.gz.1"]
        .iter()
        .map(|n| path(n))
        .collect();
    let (data, back) = (path("data"), path("back"));
    let manifest = prepare(&inputs, &data, &PrepareOptions::default(), &mut |_| {}).unwrap();
    let tensors = &manifest.sources[0].datasets;
    let names: Vec<_> =
        tensors.iter().map(|d| (d.name.as_str(), d.fields[0].dtype.as_str())).collect();
    assert_eq!(names, [("(header)", "|u1"), ("a", "<f4"), ("b", "<bf2"), ("c", "|u1")]);
    restore(&manifest, &data, &back, &mut |_| {}).unwrap();
    assert!(fs::read(back.join("t.safetensors")).unwrap() == file);
    for name in ["plain.hepmc", "one.hepmc", "x_first.hepmc", "second.hepmc"] {
        assert!(fs::read(back.join(name)).unwrap() == text, "{name}");
    }
    // Members of an archive can be read in any order, and reading can stop in the middle.
    let source = open(&path("two.tar.gz.1")).unwrap();
    for dataset in [1, 0, 1, 1] {
        source.stream(dataset, &mut |_| Ok(ControlFlow::Break(()))).unwrap();
        assert!(bytes_of(source.as_ref(), dataset) == text);
    }
    // A damaged archive is an error, not a shorter file.
    let whole = fs::read(path("one.hepmc.gz")).unwrap();
    fs::write(path("cut.gz"), &whole[..whole.len() - 5]).unwrap();
    assert!(open(&path("cut.gz")).is_err());
}

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

#[test]
fn splits_are_cut_at_events() {
    let folder = tempfile::tempdir().unwrap();
    let options = PrepareOptions {
        layout: LayoutRule::Fixed(Layout::Row),
        seed: Some(1),
        ..Default::default()
    };
    let manifest =
        prepare(&[assets().join("new.h5")], folder.path(), &options, &mut |_| {}).unwrap();
    let cube = manifest.sources[0].datasets.iter().find(|d| d.name == "cube").unwrap();
    assert_eq!((cube.records, cube.records_per_event), (11 * 35, 35));
    assert_eq!(cube.split, [8 * 35, 9 * 35, 11 * 35]);
    // Shuffled events are whole events of the source.
    let source = open(&assets().join("new.h5")).unwrap();
    let number = source.datasets().iter().position(|d| d.name == "cube").unwrap();
    let there = bytes_of(source.as_ref(), number);
    let here = fs::read(folder.path().join("cube.bin")).unwrap();
    assert!(there != here);
    for event in here.chunks(35 * 4) {
        assert!(there.chunks(35 * 4).any(|e| e == event));
    }
}

#[test]
fn changed_streams_and_manifests_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let input = [assets().join("stored.npz")];
    let manifest = prepare(&input, &data, &PrepareOptions::default(), &mut |_| {}).unwrap();
    let try_with = |manifest: &Manifest, word: &str| {
        let back = tempfile::tempdir().unwrap();
        let error = restore(manifest, &data, back.path(), &mut |_| {}).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
        assert_eq!(fs::read_dir(back.path()).unwrap().count(), 0, "{error}");
    };
    type Change = fn(&mut Manifest);
    let changes: [(Change, &str); 9] = [
        (|m| m.sources[0].datasets[0].records = u64::MAX, "records"),
        (|m| m.sources[0].datasets[0].records -= 1, "records"),
        (|m| m.sources[0].datasets[0].stride = 0, "stride"),
        (|m| m.sources[0].datasets[0].shape = vec![u64::MAX], "2^64"),
        (|m| m.sources[0].datasets[0].streams.clear(), "streams"),
        (|m| m.sources[0].datasets[0].fields[0].dtype = "<x4".into(), "unknown dtype"),
        (|m| m.sources[0].datasets[0].blake3.insert(0, '0'), "BLAKE3"),
        (|m| m.split = "1".into(), "three parts"),
        (|m| m.seed = Some(9), "BLAKE3"),
    ];
    for (change, word) in changes {
        let mut changed = manifest.clone();
        change(&mut changed);
        try_with(&changed, word);
    }
    for name in ["../x.bin", "/etc/passwd", "", "..", "a\\b"] {
        let mut changed = manifest.clone();
        changed.sources[0].datasets[0].streams[0].file = name.into();
        let text = changed.to_bytes();
        let error = Manifest::parse(Path::new("m"), &text).unwrap_err().to_string();
        assert!(error.contains("plain file name"), "{error}");
    }
    let text = manifest.to_bytes();
    for cut in (0..text.len() - 2).step_by(7) {
        assert!(Manifest::parse(Path::new("m"), &text[..cut]).is_err());
    }
    let stream = data.join(&manifest.sources[0].datasets[0].streams[0].file);
    let mut bytes = fs::read(&stream).unwrap();
    bytes[7] ^= 1;
    fs::write(&stream, &bytes).unwrap();
    try_with(&manifest, "BLAKE3");
    bytes.pop();
    fs::write(&stream, &bytes).unwrap();
    try_with(&manifest, "prepare the original again");
}

/// A dataset that cannot be read is left out, and so is an input without any; the others are whole.
#[test]
fn what_cannot_be_read_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let (data, back) = (folder.path().join("data"), folder.path().join("back"));
    let broken = folder.path().join("broken.h5");
    fs::write(&broken, b"\x89HDF\r\n\x1a\nand nothing else").unwrap();
    let inputs = [assets().join("neighbours.h5"), broken.clone(), assets().join("mixed.npy")];
    let options = PrepareOptions::default();
    let manifest = prepare(&inputs, &data, &options, &mut |_| {}).unwrap();
    assert_eq!((manifest.version, manifest.sources.len()), (2, 3));
    assert_eq!(Manifest::read(&data.join(MANIFEST_NAME)).unwrap(), manifest);
    let source = &manifest.sources[0];
    let mut left: Vec<&str> = source.left_out.iter().map(|part| part.name.as_str()).collect();
    left.sort_unstable();
    assert_eq!(left, ["c_zfp", "damaged0", "damaged1", "group/c_zfp", "many/c_zfp"]);
    assert!(source.datasets.iter().any(|dataset| dataset.name == "group/good"));
    assert!(!source.datasets.iter().any(|dataset| dataset.name.starts_with("damaged")));
    assert_eq!(manifest.sources[1].left_out.len(), 1);
    // No file of a dataset that was left out stays.
    let files = fs::read_dir(&data).unwrap().count();
    assert_eq!(files, 1 + 2 * manifest.streams().count());
    let restored = restore(&manifest, &data, &back, &mut |_| {}).unwrap();
    assert_eq!(restored.len(), 2);
    assert_eq!(fs::read(back.join("mixed.npy")).unwrap(), fs::read(&inputs[2]).unwrap());

    let refused = |inputs: &[PathBuf], strict: bool, words: &str| {
        let options = PrepareOptions { strict, ..Default::default() };
        let other = folder.path().join("other");
        let error = prepare(inputs, &other, &options, &mut |_| {}).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    refused(&inputs[..1], true, "c_zfp: is not read: filter 32013");
    refused(&inputs, true, "c_zfp");
    refused(&inputs[1..2], false, "broken.h5");
    refused(&[broken.clone(), broken.clone()], false, "broken.h5");
    // Older manifests have no such list, and are still read.
    let mut older = manifest.clone();
    older.version = 1;
    let error = Manifest::parse(Path::new("m"), &older.to_bytes()).unwrap_err().to_string();
    assert!(error.contains("version 1 with keys of version 2"), "{error}");
    for source in &mut older.sources {
        source.left_out.clear();
        source.lost.clear();
        source.structure = None;
    }
    assert_eq!(Manifest::parse(Path::new("m"), &older.to_bytes()).unwrap(), older);
    // Such a manifest gives the paths, types and values.
    let restored = restore(&older, &data, &folder.path().join("older"), &mut |_| {}).unwrap();
    assert_eq!(restored[0].datasets, source.datasets.len());
    assert_equal_values(&restored[0].path, &back.join("neighbours.h5"));
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

/// A structure that was changed gives a file or an error, without a panic.
#[test]
fn changed_structures_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let options = PrepareOptions::default();
    let manifest = prepare(&[assets().join("new.h5")], &data, &options, &mut |_| {}).unwrap();
    let text = serde_json::to_string(&manifest).unwrap();
    let start = text.find("\"structure\"").unwrap();
    let end = text[start..].find("\"lost\"").map_or(text.len(), |end| start + end);
    assert!(text[start..end].contains("\"holes\"") && text[start..end].contains("units"));
    let (mut refused, mut state) = (0, 1u64);
    for round in 0..1500 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(77);
        let mut bytes = text.clone().into_bytes();
        for part in 0..=round % 2 {
            let at = start + 12 + (state >> (20 + part)) as usize % (end - start - 12);
            let digit = bytes[at].is_ascii_hexdigit();
            bytes[at] = if digit { b"0123456789abcdef"[(state >> 9) as usize % 16] } else { b'9' };
        }
        let Ok(changed) = Manifest::parse(Path::new("m"), &bytes) else { continue };
        let back = folder.path().join(format!("back{round}"));
        match restore(&changed, &data, &back, &mut |_| {}) {
            // What was written is a file that is read again, with what the change left of it.
            Ok(restored) => drop(open(&restored[0].path)),
            Err(_) => refused += 1,
        }
        fs::remove_dir_all(&back).unwrap();
    }
    assert!(refused > 10, "{refused}");
    for (from, to) in [
        ("\"object\":1", "\"object\":99999"),
        ("\"chunks\":[8]", "\"chunks\":[0]"),
        ("\"fill\":\"", "\"fill\":\"00"),
        ("\"deflate\":4", "\"deflate\":99"),
    ] {
        assert!(text.contains(from), "{from}");
        let changed = text.replacen(from, to, 1);
        let changed = Manifest::parse(Path::new("m"), changed.as_bytes()).unwrap();
        let back = folder.path().join("back");
        let error = restore(&changed, &data, &back, &mut |_| {}).unwrap_err();
        assert!(error.to_string().contains("new.h5"), "{error}");
        assert_eq!(fs::read_dir(&back).unwrap().count(), 0);
    }
}

/// Damaged inputs are read or refused, without a panic or a hang.
#[test]
fn damaged_files_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = 1u64;
    let mut draw = |n: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    let asset = |name: &str| fs::read(assets().join(name)).unwrap();
    for (name, whole) in [
        ("old.h5", asset("old.h5")),
        ("new.h5", asset("new.h5")),
        ("filters.h5", asset("filters.h5")),
        ("neighbours.h5", asset("neighbours.h5")),
        ("neighbours_old.h5", asset("neighbours_old.h5")),
        ("mixed.npy", asset("mixed.npy")),
        ("packed.npz", asset("packed.npz")),
        ("stored.npz", asset("stored.npz")),
        ("t.safetensors", safetensors()),
        ("two.tar.gz", tar_gzip(&["a", "b/c"], &b"E 1 2 3\n".repeat(100))),
    ] {
        for round in 0..150 {
            let mut bytes = whole.clone();
            match round % 3 {
                0 => bytes.truncate(draw(whole.len())),
                1 => {
                    let at = draw(bytes.len());
                    bytes[at] ^= 1 << draw(8);
                }
                _ => {
                    for _ in 0..8 {
                        // Lengths and addresses are at the start and in headers.
                        let at = draw(bytes.len().min(4096));
                        bytes[at] = [0, 0xff, 0x7f, 0x80][draw(4)];
                    }
                }
            }
            let path = folder.path().join(name);
            fs::write(&path, &bytes).unwrap();
            let Ok(source) = open(&path) else { continue };
            for (number, info) in source.datasets().iter().enumerate() {
                let mut total = 0u64;
                let streamed = source.stream(number, &mut |piece| {
                    total += piece.len() as u64;
                    let stop = total > 1 << 22;
                    Ok(if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
                });
                assert!(streamed.is_err() || total == info.n_bytes() || total > 1 << 22);
            }
        }
    }
}
