//! The built-in model on real records, if the data sets are available: it is exact, and the size is
//! printed.

use std::path::PathBuf;
use vortex_coder::{AdaptiveModel, DType, Field, Model, Schema, decode_records, encode_records};

/// Number of bytes of each file that are coded.
const BYTES: usize = 256 << 10;

fn data() -> PathBuf {
    match std::env::var_os("VORTEX_DATA") {
        Some(path) => path.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
    }
}

#[test]
fn every_row_file_comes_back() {
    let Ok(entries) = std::fs::read_dir(data()) else {
        println!("skipped: no {}", data().display());
        return;
    };
    let mut paths: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    paths.retain(|p| p.to_string_lossy().ends_with("_row.json"));
    paths.sort();
    for path in paths {
        let sidecar: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let stride = sidecar["stride"].as_u64().unwrap() as usize;
        let fields = sidecar["fields"].as_array().unwrap().iter().map(|f| {
            let (dtype, big_endian) = DType::parse_numpy(f["dtype"].as_str().unwrap()).unwrap();
            let offset = u32::try_from(f["offset"].as_u64().unwrap()).unwrap();
            Field { big_endian, ..Field::new(f["name"].as_str().unwrap(), dtype, offset) }
        });
        let model = AdaptiveModel::new(Schema::new(stride, fields.collect()).unwrap());
        let bytes = std::fs::read(path.with_extension("bin")).unwrap();
        let bytes = &bytes[..bytes.len().min(BYTES) / stride * stride];
        let payload = encode_records(&mut *model.predictor(), model.layout(), bytes, 4).unwrap();
        let mut out = vec![0; bytes.len()];
        decode_records(&mut *model.predictor(), model.layout(), &payload, 4, &mut out).unwrap();
        assert!(out == bytes, "{}", path.display());
        let bits = payload.len() as f64 * 8.0 / bytes.len() as f64;
        println!("{:40} {bits:.3} bits a byte", path.file_stem().unwrap().to_string_lossy());
        assert!(bits < 6.5);
    }
}
