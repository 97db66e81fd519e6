//! Decompression restores all bytes.

use std::io::{self, Read, Write};

use vortex_codec::infer::Cpu;
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
    let portable =
        vortex_codec::TrainedModel::open_on(&path, &Cpu { instructions: PORTABLE }).unwrap();
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
    assert_eq!(missing.kind(), ErrorKind::Io(io::ErrorKind::NotFound));
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

/// What is written piece by piece, whatever the pieces, is the file of the whole.
#[test]
fn piece_by_piece() {
    let data = records(STRIDE * 3000 + 5);
    let plain = Compressor::new().block_bytes(4096).level(Level::FASTEST).label("jets");
    let with_model = Compressor::new().model(model()).mix(vortex_codec::Mix::Never);
    for compressor in [plain.clone().schema(schema()), plain, with_model] {
        for (n, step) in [(0, 1), (1, 1), (5000, 7), (data.len(), 1000), (data.len(), data.len())] {
            let mut whole = Vec::new();
            let of_whole = compressor.compress(&data[..n], &mut whole).unwrap();
            let mut writer = compressor.writer(Vec::new());
            data[..n].chunks(step).for_each(|piece| writer.write_all(piece).unwrap());
            let (file, summary) = writer.finish().unwrap();
            assert!(file == whole && summary == of_whole, "{n} in pieces of {step}");
        }
    }
}

/// An output with room for so many bytes.
struct Small(usize);

impl Write for Small {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_that_failed_stays_failed() {
    let full = ErrorKind::Io(io::ErrorKind::StorageFull);
    let data = records(STRIDE * 3000);
    let compressor = Compressor::new().schema(schema()).block_bytes(1024).threads(1);
    // The header fits, and later blocks do not.
    for room in [10, 2000] {
        let mut writer = compressor.writer(Small(room));
        writer.write_all(&data).unwrap();
        assert_eq!(writer.finish().err().unwrap().kind(), full, "{room}");
    }
    let model = Compressor::new().model(model()).mix(vortex_codec::Mix::Never).threads(1);
    let mut writer = model.block_bytes(1024).writer(Small(2000));
    let mut failed = data.chunks(1000).map(|piece| writer.write_all(piece));
    let error = failed.find_map(Result::err).unwrap();
    assert_eq!(vortex_codec::Error::from(error).kind(), full);
    assert_eq!(writer.write(b"more").unwrap_err().kind(), io::ErrorKind::Other);
    assert_eq!(writer.finish().err().unwrap().kind(), ErrorKind::InvalidArgument);
}
