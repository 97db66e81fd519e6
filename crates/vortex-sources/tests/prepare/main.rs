//! Round trips: prepared folders restore to the same values.
#![allow(clippy::unwrap_used)] // helpers of tests

mod hdf5;
mod root;

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
