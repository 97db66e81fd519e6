//! HDF5 files: what is left out of a folder, and the structure of restored files.

use std::fs;
use std::path::{Path, PathBuf};

use vortex_sources::open;
use vortex_sources::prepare::{MANIFEST_NAME, Manifest, PrepareOptions, prepare, restore};

use super::{assets, bytes_of};

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
