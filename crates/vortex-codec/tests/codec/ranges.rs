//! Ranges of rows: what is read of a file, and which fields come.

use std::cell::Cell;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::rc::Rc;

use vortex_codec::archive::{Archive, DatasetOptions, Layout};
use vortex_codec::sources::formats::npy;
use vortex_codec::{Compressor, DType, Decompressor, ErrorKind, Field, Level, Schema};

use super::bench::{STRIDE, column, records, schema};

/// What the reader of a file reads at least at each place.
const BUFFER_BYTES: u64 = 64 << 10;
const BLOCK_BYTES: u32 = 64 << 10;
const ROWS: usize = 400_000;

/// A file in memory that counts the bytes that are read from it.
struct Counted {
    file: Cursor<Vec<u8>>,
    read: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(out)?;
        self.read.set(self.read.get() + n as u64);
        Ok(n)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// An open file, and the number of bytes that were read from it.
fn opened(file: Vec<u8>) -> (Archive<Counted>, Rc<Cell<u64>>) {
    let read = Rc::new(Cell::new(0));
    let counted = Counted { file: Cursor::new(file), read: Rc::clone(&read) };
    (Archive::from_reader(counted, &Decompressor::new().threads(1)).unwrap(), read)
}

/// The bytes in the file of the blocks of a member, header and payload, that hold these of its
/// original bytes.
fn stored(archive: &mut Archive<Counted>, member: usize, first: u64, end: u64) -> u64 {
    let start = archive.reader().members().nth(member).unwrap().original_offset;
    let blocks = archive.reader().blocks(member).unwrap();
    let touched = blocks.iter().filter(|block| {
        let at = block.original_offset - start;
        at < end && at + u64::from(block.header.original_bytes) > first
    });
    touched.map(|block| block.header.stored_bytes()).sum()
}

/// `bytes` as a file of rows or columns in small blocks.
fn packed(bytes: &[u8], layout: Option<Layout>) -> Vec<u8> {
    let compressor = Compressor::new().block_bytes(BLOCK_BYTES).level(Level::FASTEST);
    let mut file = Vec::new();
    let Some(layout) = layout else {
        compressor.schema(schema()).compress(bytes, &mut file).unwrap();
        return file;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jets.npy");
    let descr = "[('pt', '<f4'), ('event', '<u4'), ('cell', '<i4')]";
    let header = npy::to_bytes(descr, false, &[(bytes.len() / STRIDE) as u64]).unwrap();
    std::fs::write(&path, [&header, bytes].concat()).unwrap();
    let (options, scratch) =
        (DatasetOptions { layout: Some(layout), strict: false }, folder.path().join("s"));
    compressor.compress_datasets(&path, &options, &scratch, &mut |_| {}, &mut file).unwrap();
    file
}

/// The fields of `rows`, in the order `cell`, `pt`.
fn cell_and_pt(rows: &[u8]) -> Vec<u8> {
    rows.chunks_exact(STRIDE).flat_map(|row| [&row[8..], &row[..4]].concat()).collect()
}

/// Checks that a read took only blocks of `due` bytes, and for each of the `places` where they lie
/// a buffer at their end and one where the predictor is described.
fn check_read(before: u64, read: &Cell<u64>, due: u64, places: u64) {
    let taken = read.get() - before;
    assert!(taken <= due + 2 * places * BUFFER_BYTES, "{taken} bytes for {due}");
}

#[test]
fn only_the_blocks_of_the_rows_are_read() {
    let data = records(STRIDE * ROWS);
    for layout in [None, Some(Layout::Row)] {
        let (mut archive, read) = opened(packed(&data, layout));
        // Opening reads the start and the end of each member, and the manifest.
        let members = archive.reader().members().len() as u64;
        check_read(0, &read, 0, 2 * members + 1);
        let name = archive.dataset(None).unwrap().name.to_owned();
        let member = members as usize - 1;
        assert!(archive.reader().file_bytes() > 20 * BUFFER_BYTES);
        let rows = ROWS as u64;
        for rows in [0..10, rows - 10..rows, 20_000..30_000, 7..7] {
            let bytes = rows.start * STRIDE as u64..rows.end * STRIDE as u64;
            let wanted = &data[bytes.start as usize..bytes.end as usize];
            let due = match rows.is_empty() {
                true => 0,
                false => stored(&mut archive, member, bytes.start, bytes.end),
            };
            let before = read.get();
            let found = archive.fields_of(&name, &["cell", "pt"], rows.clone()).unwrap();
            check_read(before, &read, due, u64::from(due > 0));
            assert!(found.bytes == cell_and_pt(wanted), "{rows:?}");
            assert_eq!((found.schema.stride(), found.len() as u64), (8, rows.end - rows.start));
            assert!(archive.rows_of(&name, rows).unwrap().bytes == wanted);
        }
    }
}

#[test]
fn of_columns_only_those_of_the_fields_are_read() {
    let data = records(STRIDE * ROWS);
    let (mut archive, read) = opened(packed(&data, Some(Layout::Column)));
    let name = archive.dataset(None).unwrap().name.to_owned();
    // After the manifest, each type has a member: pt, event, cell.
    let rows = 20_000..300_000u64;
    let wanted = &data[STRIDE * 20_000..STRIDE * 300_000];
    let mut due = |member| stored(&mut archive, member, 4 * rows.start, 4 * rows.end);
    let (pt, event, cell) = (due(1), due(2), due(3));
    assert!(pt > 5 * BUFFER_BYTES && pt > 4 * (event + cell), "{pt} {event} {cell}");
    let before = read.get();
    assert!(archive.field_of(&name, "cell", rows.clone()).unwrap().bytes == column(wanted, 8, 4));
    check_read(before, &read, cell, 1);
    let before = read.get();
    let found = archive.fields_of(&name, &["cell", "pt"], rows.clone()).unwrap();
    check_read(before, &read, cell + pt, 2);
    assert!(found.bytes == cell_and_pt(wanted));
    assert!(archive.rows_of(&name, rows).unwrap().bytes == wanted);
    // A read of the proposed length takes one block of each column.
    let block_rows = archive.dataset(None).unwrap().block_rows;
    assert_eq!(block_rows, u64::from(BLOCK_BYTES) / 4);
    let place = 4 * block_rows..8 * block_rows;
    let due: u64 = (1..4).map(|m| stored(&mut archive, m, place.start, place.end)).sum();
    let before = read.get();
    archive.rows_of(&name, block_rows..2 * block_rows).unwrap();
    check_read(before, &read, due, 3);
}

#[test]
fn blocks_shared_by_fields_and_by_reads_are_decoded_once() {
    // Three columns of one type share a stream: fields and parts meet within blocks.
    let n = 50_000u32;
    let noise = |i: u32| i.wrapping_mul(2_654_435_761).rotate_left(11).wrapping_mul(i | 1);
    let data: Vec<u8> = (0..3 * n).flat_map(|i| noise(i).to_le_bytes()).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("points.npy");
    let header =
        npy::to_bytes("[('x', '<u4'), ('y', '<u4'), ('z', '<u4')]", false, &[n.into()]).unwrap();
    std::fs::write(&path, [&header[..], &data].concat()).unwrap();
    let (options, scratch) =
        (DatasetOptions { layout: Some(Layout::Column), strict: false }, folder.path().join("s"));
    let mut file = Vec::new();
    // One block holds all columns.
    let compressor = Compressor::new().block_bytes(4 << 20).level(Level::FASTEST);
    compressor.compress_datasets(&path, &options, &scratch, &mut |_| {}, &mut file).unwrap();
    let (mut archive, read) = opened(file);
    let members = archive.reader().members().len();
    assert_eq!(members, 2);
    let all = 1..members;
    let due: u64 = all.clone().map(|member| stored(&mut archive, member, 0, u64::MAX)).sum();
    let name = archive.dataset(None).unwrap().name.to_owned();
    let before = read.get();
    assert!(archive.rows_of(&name, 0..n.into()).unwrap().bytes == data);
    check_read(before, &read, due, all.len() as u64);

    // Rows in small pieces, one after the other, in blocks of rows.
    let table = records(STRIDE * ROWS);
    let (mut archive, read) = opened(packed(&table, None));
    let due = stored(&mut archive, 0, 0, u64::MAX);
    let (before, mut found) = (read.get(), Vec::new());
    for first in (0..ROWS as u64).step_by(1000) {
        found.extend(archive.fields_at(0, &["cell", "pt"], first..first + 1000).unwrap().bytes);
    }
    assert!(found == cell_and_pt(&table));
    let taken = read.get() - before;
    assert!(taken < due + due / 2 + 2 * BUFFER_BYTES, "{taken} bytes for {due}");
}

#[test]
fn datasets_of_one_name_are_told_apart_by_number() {
    let table = records(STRIDE * 3000);
    let labelled = |compressor: Compressor, bytes: &[u8]| {
        let mut file = Vec::new();
        compressor.label("jets").compress(bytes, &mut file).unwrap();
        file
    };
    let other = vec![Field::new("hits", DType::U16, 0), Field::new("charge", DType::I16, 2)];
    let other = Schema::new(4, other).unwrap();
    let parts = [
        labelled(Compressor::new().schema(Schema::bytes()), b"a header\n"),
        labelled(Compressor::new().schema(schema()), &table),
        labelled(Compressor::new().schema(other), &table[..400]),
    ];
    let (mut archive, _) = opened(parts.concat());
    let found: Vec<_> = archive.datasets().map(|d| (d.number, d.name.to_owned(), d.rows)).collect();
    let name = || "jets".to_owned();
    assert_eq!(found, [(0, name(), 9), (1, name(), 3000), (2, name(), 100)]);
    assert!(archive.rows_at(0, 0..9).unwrap().bytes == b"a header\n");
    assert!(archive.rows_at(1, 10..20).unwrap().bytes == table[STRIDE * 10..STRIDE * 20]);
    assert!(archive.rows_at(2, 0..100).unwrap().bytes == table[..400]);
    let hits = archive.fields_at(2, &["hits"], 1..2).unwrap();
    assert!(hits.bytes == table[4..6]);
    // By name, the first with records is meant.
    assert_eq!(archive.dataset(Some("jets")).unwrap().number, 1);
    assert!(archive.rows_of("jets", 0..3000).unwrap().bytes == table);
    let error = archive.rows_at(3, 0..1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("dataset 3; the file has 3"), "{error}");
}

#[test]
fn pieces_fit_in_memory_and_hold_at_least_a_row() {
    // Too long for a short member, whose block is as long as its data.
    let (archive, _) = opened(packed(&records(STRIDE * 5000), None));
    let info = archive.dataset(None).unwrap();
    assert_eq!(info.piece_rows(STRIDE), info.block_rows);
    assert_eq!(info.piece_rows(1 << 28), 1);
    assert_eq!(info.piece_rows(usize::MAX), 1);
    assert_eq!(info.piece_rows(1 << 20), 256);
}

#[test]
fn which_dataset_and_which_fields() {
    let (mut archive, _) = opened(packed(&records(STRIDE * 100), None));
    let error = archive.fields_of("part 1", &["pt", "cells"], 0..1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("\"cells\"; there are cell"), "{error}");
    let error = archive.fields_of("part 2", &["pt"], 0..1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let error = archive.fields_of("part 1", &["pt"], 0..101).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);

    // Of bytes and records, the records are meant; of two tables, neither.
    let (bytes, table) = (Compressor::new(), packed(&records(STRIDE * 100), None));
    let mut text = Vec::new();
    bytes.compress(&b"a header\n"[..], &mut text).unwrap();
    let (archive, _) = opened([&text[..], &table].concat());
    assert_eq!(archive.dataset(None).unwrap().name, "part 2");
    assert_eq!(archive.dataset(Some("part 1")).unwrap().rows, 9);
    let (archive, _) = opened([&table[..], &text, &table].concat());
    let error = archive.dataset(None).unwrap_err();
    assert!(error.message().contains("part 1, part 2, part 3"), "{error}");
}
