//! Files of each version stay readable. They are written once for each version and never change.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use vortex_zipnn::{Base, Contents, ErrorKind, Options, compress, decompress};

use crate::samples::model;

fn asset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(name)
}

#[test]
fn version_2_decodes() {
    let mut out = Vec::new();
    decompress(&std::fs::read(asset("v2_plain.vxw")).unwrap()[..], &mut out, None, 1).unwrap();
    assert!(out == model(0, 3));
    let base = model(0, 0);
    let mut base = Base::open(Cursor::new(&base)).unwrap();
    let mut out = Vec::new();
    decompress(&std::fs::read(asset("v2_delta.vxw")).unwrap()[..], &mut out, Some(&mut base), 1)
        .unwrap();
    assert!(out == model(2, 0));
}

#[test]
fn version_1_is_refused_by_name() {
    let mut file = std::fs::read(asset("v2_plain.vxw")).unwrap();
    file[8] = 1;
    let error = decompress(&file[..], Vec::new(), None, 1).unwrap_err();
    assert_eq!(error.kind, ErrorKind::UnsupportedVersion);
    assert!(error.message.contains("has format version 1"), "{error}");
}

/// The code that wrote them. It is only run for a new version of the format, with new names.
#[test]
#[ignore = "writes assets"]
fn write_assets() {
    let write = |name: &str, file: Vec<u8>, base: Option<Vec<u8>>| {
        let path = asset(name);
        assert!(!path.exists(), "{} is there already", path.display());
        let mut base = base.map(|b| Base::open(Cursor::new(b)).unwrap());
        let mut out = Vec::new();
        let options = Options::default();
        compress(&file[..], &mut out, Contents::Safetensors, base.as_mut(), &options).unwrap();
        std::fs::write(path, out).unwrap();
    };
    write("v2_plain.vxw", model(0, 3), None);
    write("v2_delta.vxw", model(2, 0), Some(model(0, 0)));
}
