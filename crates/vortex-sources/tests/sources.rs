//! Readers against h5py and numpy: generated files of every kind (`assets/`, made by
//! `experiments/source_fixtures.py` and `experiments/hdf5_fixtures.py`), and real files if they are
//! available.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};
use vortex_sources::{Source, open};

fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets")
}

fn raw() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/raw")
}

fn expected(folder: &Path) -> Option<serde_json::Map<String, Value>> {
    digests(&folder.join("expected.json"))
}

fn digests(list: &Path) -> Option<serde_json::Map<String, Value>> {
    let text = std::fs::read(list).ok()?;
    serde_json::from_slice(&text).unwrap()
}

fn sha256(source: &dyn Source, dataset: usize) -> String {
    let mut digest = Sha256::new();
    let mut bytes = 0;
    source
        .stream(dataset, &mut |piece| {
            bytes += piece.len() as u64;
            digest.update(piece);
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
    assert_eq!(bytes, source.datasets()[dataset].n_bytes());
    vortex_base::hex::encode(&digest.finalize())
}

/// Compares a file with what h5py or numpy read, and returns the number of datasets.
fn check(path: &Path, datasets: &serde_json::Map<String, Value>) -> usize {
    let source = open(path).unwrap();
    for (name, want) in datasets {
        let found = source.datasets().iter().position(|d| d.name == *name);
        if want.get("unread").is_some() {
            assert!(found.is_none(), "{}: {name} should not be read", path.display());
            let listed = source.unread().iter().find(|u| u.name == *name);
            assert!(!listed.unwrap_or_else(|| panic!("{name} is not listed")).reason.is_empty());
            continue;
        }
        let number = found.unwrap_or_else(|| {
            let why = source.unread().iter().find(|u| u.name == *name);
            panic!("{}: {name}: {why:?}", path.display())
        });
        let info = &source.datasets()[number];
        let shape: Vec<u64> = serde_json::from_value(want["shape"].clone()).unwrap();
        assert_eq!(info.shape, shape, "{name}");
        assert_eq!(
            info.n_bytes(),
            shape.iter().product::<u64>() * want["itemsize"].as_u64().unwrap()
        );
        check_fields(name, info, &want["dtype"]);
        assert_eq!(sha256(source.as_ref(), number), want["sha256"], "{}: {name}", path.display());
    }
    for dataset in source.datasets().iter().filter(|d| !datasets.contains_key(&d.name)) {
        // The digests of the real files are those of numbers; text is read too.
        eprintln!("{}: {} has no digest to compare with", path.display(), dataset.name);
    }
    datasets.len()
}

/// The fields of a flat compound have the names and types of numpy.
fn check_fields(name: &str, info: &vortex_sources::DatasetInfo, dtype: &Value) {
    let Value::Array(members) = dtype else { return };
    for member in members {
        let (field, code) = (&member[0], &member[1]);
        let (Some(field), Some(code), None) = (field.as_str(), code.as_str(), member.get(2)) else {
            continue;
        };
        if code.starts_with("|S") || code.starts_with("|V") {
            continue;
        }
        let found = info.schema.fields().iter().find(|f| f.name == field);
        let found = found.unwrap_or_else(|| panic!("{name}: no field {field}"));
        // h5py shows booleans as |b1 and single bytes without an order.
        assert_eq!(found.dtype.numpy(found.big_endian), code, "{name}.{field}");
    }
}

#[test]
fn generated_files_are_read_as_h5py_and_numpy_read_them() {
    let expected = expected(&assets()).unwrap();
    let mut n = 0;
    for (file, datasets) in &expected {
        n += check(&assets().join(file), datasets.as_object().unwrap());
    }
    assert!(n > 60, "{n} datasets");
}

/// Chunks of every filter of hdf5plugin that the documentation names, and datasets beside others
/// that cannot be read.
#[test]
fn filters_and_neighbours_are_read_as_h5py_reads_them() {
    let mut n = 0;
    for (file, datasets) in &digests(&assets().join("hdf5.json")).unwrap() {
        n += check(&assets().join(file), datasets.as_object().unwrap());
    }
    assert!(n > 150, "{n} datasets");
}

/// One child that cannot be read does not hide the others; each is listed with its reason.
#[test]
fn children_that_are_not_read_are_listed_one_by_one() {
    for file in ["neighbours_old.h5", "neighbours.h5"] {
        let source = open(&assets().join(file)).unwrap();
        for place in ["", "group/", "many/"] {
            for (name, word) in [
                ("a_virtual", "a virtual dataset"),
                ("b_complex", "complex numbers"),
                ("d_external", "a link to \"/x\" in the file \"other.h5\""),
                ("f_type", "datatype"),
            ] {
                let name = format!("{place}{name}");
                let found: Vec<_> = source.unread().iter().filter(|u| u.name == name).collect();
                assert!(found.len() == 1 && found[0].reason.contains(word), "{name}: {found:?}");
            }
            let name = format!("{place}c_zfp");
            let found: Vec<_> = source.left_out().iter().filter(|u| u.name == name).collect();
            assert_eq!(found[0].reason, "filter 32013 (ZFP) is not read");
        }
        assert_eq!(source.left_out().len(), 3, "{:?}", source.left_out());
    }
}

#[test]
fn real_hdf5_files_are_read_as_h5py_reads_them() {
    let Some(expected) = expected(&raw()) else {
        eprintln!("skipped: no expected.json in {}", raw().display());
        return;
    };
    let files = expected.iter().filter(|(file, _)| file.ends_with(".h5"));
    let mut n = 0;
    for (file, datasets) in files {
        n += check(&raw().join(file), datasets.as_object().unwrap());
    }
    eprintln!("{n} real HDF5 datasets are equal");
}

/// Sequences are a table of lengths and one of elements.
#[test]
fn text_and_sequences_are_lengths_and_elements() {
    for file in ["old.h5", "new.h5"] {
        let source = open(&assets().join(file)).unwrap();
        let bytes = |name: &str| {
            let number = source.datasets().iter().position(|d| d.name == name).unwrap();
            let mut all = Vec::new();
            let streamed = source.stream(number, &mut |piece| {
                all.extend_from_slice(piece);
                Ok(ControlFlow::Continue(()))
            });
            streamed.unwrap();
            (source.datasets()[number].shape.clone(), all)
        };
        assert_eq!(bytes("strings/lengths"), (vec![2], vec![1, 0, 0, 0, 2, 0, 0, 0]));
        assert_eq!(bytes("strings/values"), (vec![3], b"abc".to_vec()));
        assert_eq!(bytes("vlen/lengths"), (vec![2], vec![2, 0, 0, 0, 0, 0, 0, 0]));
        assert_eq!(bytes("vlen/values"), (vec![2], vec![1, 0, 0, 0, 2, 0, 0, 0]));
    }
}

#[test]
fn what_is_not_read_is_said() {
    let source = open(&assets().join("old.h5")).unwrap();
    let reason = |name: &str| {
        let found = source.unread().iter().find(|u| u.name == name);
        found.unwrap_or_else(|| panic!("{name}: {:?}", source.unread())).reason.clone()
    };
    assert!(reason("refs").contains("references"));
    for file in ["old.h5", "new.h5"] {
        let source = open(&assets().join(file)).unwrap();
        eprintln!("{file}: {:?}", source.unread());
    }
    let error = open(&assets().join("objects.npy")).err().unwrap().to_string();
    assert!(error.contains("objects"), "{error}");
}

/// Every number of every ROOT file is in a table, and tables stream their stated length.
#[test]
fn real_root_files_become_tables() {
    let Some(expected) = expected(&raw()) else {
        eprintln!("skipped: no expected.json in {}", raw().display());
        return;
    };
    for file in expected.keys().filter(|file| file.ends_with(".root")) {
        let source = open(&raw().join(file)).unwrap();
        let mut values = 0;
        for (number, info) in source.datasets().iter().enumerate() {
            sha256(source.as_ref(), number);
            values += info.n_records * info.schema.fields().len() as u64;
        }
        let n = source.datasets().len();
        eprintln!("{file}: {values} values in {n} tables, {} not read", source.unread().len());
        assert!(values > 0, "{file}: {:?}", source.unread());
    }
}

/// Columns of tables have the digests that uproot's arrays have.
#[test]
fn columns_of_root_tables_are_those_of_uproot() {
    let Some(expected) = expected(&raw()) else {
        eprintln!("skipped: no expected.json in {}", raw().display());
        return;
    };
    let mut n = 0;
    for file in ["cms_nano_dimuon.root", "alice_hypertriton.root", "zmumu-zlib.root"] {
        let source = open(&raw().join(file)).unwrap();
        for (number, info) in source.datasets().iter().enumerate() {
            let mut records = Vec::new();
            source
                .stream(number, &mut |piece| {
                    records.extend_from_slice(piece);
                    Ok(ControlFlow::Continue(()))
                })
                .unwrap();
            let tree = info.name.split('/').next().unwrap().split('#').next().unwrap();
            let branches = &expected[file][tree]["branches"];
            for field in info.schema.fields() {
                let Some(want) = branches[&field.name]["sha256"].as_str() else { continue };
                let mut digest = Sha256::new();
                for record in records.chunks_exact(info.schema.stride()) {
                    digest.update(&record[field.offset as usize..field.end()]);
                }
                let found = vortex_base::hex::encode(&digest.finalize());
                assert_eq!(found, want, "{file}: {}: {}", info.name, field.name);
                n += 1;
            }
        }
    }
    assert!(n > 1000, "{n} columns");
    eprintln!("{n} columns of ROOT tables are equal");
}
