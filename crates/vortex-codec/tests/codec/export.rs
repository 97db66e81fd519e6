//! Records as CSV, as a numpy array, and as they are.

use std::cell::Cell;
use std::io::Cursor;

use vortex_codec::archive::Archive;
use vortex_codec::export::{Excerpt, Form};
use vortex_codec::sources::formats::npy::Header;
use vortex_codec::{Compressor, Decompressor, ErrorKind, Level};

use super::bench::{STRIDE, records, schema};

const ROWS: usize = 20_000;

/// The chosen fields of records in small blocks.
fn excerpt(fields: &[&str]) -> (Excerpt<Cursor<Vec<u8>>>, Vec<u8>) {
    let bytes = records(STRIDE * ROWS);
    let mut file = Vec::new();
    let compressor = Compressor::new().schema(schema()).level(Level::FASTEST);
    compressor.block_bytes(16 << 10).compress(bytes.as_slice(), &mut file).unwrap();
    let archive = Archive::from_reader(Cursor::new(file), &Decompressor::new()).unwrap();
    (Excerpt::of(archive, None, fields).unwrap(), bytes)
}

#[test]
fn every_form_over_many_blocks() {
    let (mut whole, bytes) = excerpt(&[]);
    assert_eq!(whole.rows(), ROWS as u64);
    for threads in [1, 3] {
        let (mut out, told) = (Vec::new(), Cell::new(0));
        let on_rows = |n| told.set(told.get() + n);
        whole.write(7..ROWS as u64 - 1, Form::Raw, threads, &mut out, on_rows).unwrap();
        assert!(out == bytes[7 * STRIDE..(ROWS - 1) * STRIDE]);
        assert_eq!(told.get(), ROWS as u64 - 8);
    }
    let mut out = Vec::new();
    whole.write(5..9000, Form::Npy, 0, &mut out, |_| {}).unwrap();
    let mut array = out.as_slice();
    let header = Header::read("array", &mut array).unwrap().info;
    assert_eq!((header.n_records, header.schema.stride()), (8995, STRIDE));
    assert!(array == &bytes[5 * STRIDE..9000 * STRIDE]);
    let (mut one, _) = excerpt(&["event"]);
    let mut text = Vec::new();
    one.write(0..ROWS as u64, Form::Csv, 2, &mut text, |_| {}).unwrap();
    let lines: Vec<&str> = std::str::from_utf8(&text).unwrap().lines().collect();
    assert_eq!((lines.len(), lines[0]), (ROWS + 1, "event"));
    let place =
        schema().fields().iter().find(|field| field.name == "event").unwrap().offset as usize;
    for row in [0, 1, ROWS / 2, ROWS - 1] {
        let value = bytes[row * STRIDE + place..][..4].try_into().unwrap();
        assert_eq!(lines[row + 1], u32::from_le_bytes(value).to_string());
    }
}

#[test]
fn records_that_are_not_there_write_nothing() {
    let (mut excerpt, _) = excerpt(&["event"]);
    let past = ROWS as u64 + 1;
    #[allow(clippy::reversed_empty_ranges)]
    for rows in [0..past, past..past, 9..8] {
        for form in [Form::Csv, Form::Npy, Form::Raw] {
            let mut out = Vec::new();
            let error = excerpt.write(rows.clone(), form, 1, &mut out, |_| {}).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(out.is_empty() && error.message().contains("20000"), "{error}");
        }
    }
    let mut out = Vec::new();
    excerpt.write(5..5, Form::Csv, 1, &mut out, |_| {}).unwrap();
    assert_eq!(out, b"event\n");
}
