//! Decompression restores all bytes.

use std::io::Read;

use vortex_codec::plan::Subject;
use vortex_codec::{Compressor, Decompressor, ErrorKind, Level, compress, decompress};

use super::bench::{PORTABLE, STRIDE, model, model_file, modelled_records, records, schema};

#[test]
fn every_length_without_a_model() {
    let data = records(STRIDE * 3000);
    for n in [0, 1, STRIDE - 1, STRIDE, STRIDE + 1, STRIDE * 100 + 5, data.len()] {
        let bytes = &data[..n];
        let file = compress(bytes).unwrap();
        assert!(decompress(&file).unwrap() == bytes, "{n}");
        // The schema gives more information than the bytes.
        let mut with_schema = Vec::new();
        Compressor::new().schema(schema()).compress(bytes, &mut with_schema).unwrap();
        assert!(decompress(&with_schema).unwrap() == bytes, "{n}");
    }
    // Records were found in the bytes.
    assert!(compress(&data).unwrap().len() < data.len() * 2 / 3);
}

#[test]
fn with_a_model_and_without_it() {
    let data = modelled_records(STRIDE * 2000 + 3);
    let mut file = Vec::new();
    let summary = Compressor::new().model(model()).compress(data.as_slice(), &mut file).unwrap();
    assert_eq!(summary.original_bytes, data.len() as u64);
    assert_eq!(summary.compressed_bytes, file.len() as u64);
    assert!(file.len() < data.len() * 6 / 10, "{} of {}", file.len(), data.len());
    let mut back = Vec::new();
    Decompressor::new().model(model()).decompress(file.as_slice(), &mut back).unwrap();
    assert!(back == data);
    // The model of other instructions is the same model.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.vxm");
    std::fs::write(&path, model_file()).unwrap();
    let portable = vortex_codec::TrainedModel::open_for(&path, PORTABLE).unwrap();
    let mut other = Vec::new();
    Compressor::new().model(portable).compress(data.as_slice(), &mut other).unwrap();
    assert!(other == file);
    let error = decompress(&file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingModel);
    assert!(error.message().contains("VORTEX_MODEL_PATH"), "{error}");
    // Records of another kind are restored too.
    let odd = b"a text of a few words, not records";
    let mut file = Vec::new();
    Compressor::new().model(model()).compress(&odd[..], &mut file).unwrap();
    let mut back = Vec::new();
    Decompressor::new().model(model()).decompress(file.as_slice(), &mut back).unwrap();
    assert_eq!(back, odd);
}

#[test]
fn files_by_name_with_what_lies_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.bin");
    let data = records(STRIDE * 2000 + 1);
    std::fs::write(&path, &data).unwrap();
    std::fs::write(folder.path().join("data.schema.yaml"), "stride: 12\n").unwrap();
    let compressor = Compressor::new().level(Level::SMALLEST);
    let plan = compressor.plan(Subject::File(&path)).unwrap();
    assert_eq!(plan.schema().stride(), STRIDE);
    let packed = folder.path().join("data.bin.vxc");
    compressor.compress_file(&path, &packed).unwrap();
    let back = folder.path().join("back");
    Decompressor::new().decompress_file(&packed, &back).unwrap();
    assert!(std::fs::read(&back).unwrap() == data);
    // An existing file is kept unless it may be replaced.
    let exists = compressor.compress_file(&path, &packed).unwrap_err();
    assert_eq!(exists.kind(), ErrorKind::OutputExists);
    assert!(exists.message().contains("data.bin.vxc"), "{exists}");
    compressor.clone().replace(true).compress_file(&path, &packed).unwrap();
    // A failure leaves no file and replaces no file.
    std::fs::write(&packed, b"damaged").unwrap();
    let damaged = Decompressor::new().replace(true).decompress_file(&packed, &back).unwrap_err();
    assert!(damaged.message().contains("data.bin.vxc"), "{damaged}");
    assert!(std::fs::read(&back).unwrap() == data);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4);
    let missing = compressor.compress_file(folder.path().join("none"), folder.path().join("out"));
    let missing = missing.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Io(std::io::ErrorKind::NotFound));
    assert!(missing.message().contains("none"), "{missing}");
}

#[test]
fn files_in_a_row_and_readers() {
    let data = records(STRIDE * 500);
    let two = [compress(&data).unwrap(), compress(b"and more").unwrap()].concat();
    let mut reader = Decompressor::new().reader(two.as_slice());
    let mut back = Vec::new();
    reader.read_to_end(&mut back).unwrap();
    assert!(back == [&data[..], b"and more"].concat());
    assert_eq!(reader.summary().members, 2);
}
