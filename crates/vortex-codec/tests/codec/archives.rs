//! Rows and fields of compressed files.

use std::io::Cursor;

use vortex_codec::archive::{ARRAY_LABEL, Archive};
use vortex_codec::coder::schema::Predicted;
use vortex_codec::{Compressor, DType, Decompressor, ErrorKind, Level};

use super::bench::{STRIDE, column, model, modelled_records, records, schema};

fn opened(file: &[u8]) -> Archive<Cursor<&[u8]>> {
    Archive::from_reader(Cursor::new(file), &Decompressor::new()).unwrap()
}

#[test]
fn rows_of_a_file_of_records() {
    let data = records(STRIDE * 3000 + 5);
    let mut file = Vec::new();
    let compressor = Compressor::new().schema(schema()).block_bytes(4096);
    compressor.compress(data.as_slice(), &mut file).unwrap();
    let mut archive = opened(&file);
    let info = archive.datasets().next().unwrap();
    assert_eq!((archive.datasets().len(), info.rows, info.schema.stride()), (1, 3000, STRIDE));
    assert_eq!((info.block_rows, info.label), (4096 / STRIDE as u64, None));
    assert!(archive.manifest().is_none());
    let rows = archive.rows(1000..2000).unwrap();
    assert_eq!(rows.len(), 1000);
    let wanted = &data[STRIDE * 1000..STRIDE * 2000];
    assert!(rows.bytes == wanted);
    let pt = rows.field("pt").unwrap();
    assert_eq!((pt.dtype, pt.big_endian, pt.len()), (DType::F32, false, 1000));
    assert!(pt.bytes == column(wanted, 0, 4));
    let cell = archive.field_of("part 1", "cell", 1000..2000).unwrap();
    assert!(cell.dtype == DType::I32 && cell.bytes == column(wanted, 8, 4));
    assert!(archive.rows(3000..3000).unwrap().is_empty());

    assert_eq!(archive.rows(2999..3001).unwrap_err().kind(), ErrorKind::InvalidArgument);
    #[allow(clippy::reversed_empty_ranges)]
    let backwards = archive.rows(7..3);
    assert_eq!(backwards.unwrap_err().kind(), ErrorKind::InvalidArgument);
    let error = rows.field("px").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("pt, event, cell"), "{error}");
}

#[test]
fn members_with_the_same_records_are_one_table() {
    let (first, second) = (records(STRIDE * 700), records(STRIDE * 300));
    let pack = |bytes: &[u8]| {
        let mut file = Vec::new();
        Compressor::new().schema(schema()).compress(bytes, &mut file).unwrap();
        file
    };
    let both = [pack(&first), pack(&second)].concat();
    let rows = opened(&both).rows(650..750).unwrap();
    let all = [&first[..], &second].concat();
    assert!(rows.bytes == all[STRIDE * 650..STRIDE * 750]);
    // Each member may code the same records in its own way.
    let mut other = Vec::new();
    let near = [(1, Predicted::RecordBefore)];
    let schema_of_second = schema().with_predictions(near).unwrap();
    let compressor = Compressor::new().schema(schema_of_second).level(Level::FASTEST);
    compressor.compress(&second[..], &mut other).unwrap();
    let both = [pack(&first), other].concat();
    let mut archive = opened(&both);
    let schemas: Vec<_> = archive.reader().members().map(|m| m.schema.clone()).collect();
    assert!(schemas[0] != schemas[1] && archive.datasets().len() == 1);
    assert!(archive.rows(650..750).unwrap().bytes == all[STRIDE * 650..STRIDE * 750]);
    // An incomplete row between them separates the datasets.
    let cut = [pack(&first[..first.len() - 1]), pack(&second)].concat();
    let mut archive = opened(&cut);
    let rows: Vec<u64> = archive.datasets().map(|dataset| dataset.rows).collect();
    assert_eq!(rows, [699, 300]);
    let error = archive.rows(0..1).unwrap_err();
    assert!(error.message().contains("part 1, part 2"), "{error}");
    assert!(archive.rows_of("part 2", 0..300).unwrap().bytes == second);
}

#[test]
fn members_with_other_labels_are_other_tables() {
    let pack = |label: &str, n: usize| {
        let mut file = Vec::new();
        let compressor = Compressor::new().schema(schema()).label(label);
        compressor.compress(records(STRIDE * n).as_slice(), &mut file).unwrap();
        file
    };
    let array = format!("{ARRAY_LABEL}any text");
    let file = [pack("a", 10), pack("a", 20), pack("b", 5), pack(&array, 7)].concat();
    let archive = opened(&file);
    let found: Vec<_> = archive.datasets().map(|d| (d.name, d.rows, d.label)).collect();
    // The label of an array is its description, not its name.
    let array = Some(array.as_str());
    assert_eq!(found, [("a", 30, Some("a")), ("b", 5, Some("b")), ("part 3", 7, array)]);
}

#[test]
fn rows_under_an_embedded_model() {
    let data = modelled_records(STRIDE * 1000);
    let mut file = Vec::new();
    let compressor = Compressor::new().model(model()).embed_model(true).block_bytes(4096);
    compressor.compress(data.as_slice(), &mut file).unwrap();
    let rows = opened(&file).rows(500..510).unwrap();
    assert!(rows.bytes == data[STRIDE * 500..STRIDE * 510]);
}
