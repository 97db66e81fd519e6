//! Rows and fields of compressed files.

use std::io::Cursor;
use std::path::Path;

use vortex_codec::archive::{Archive, DatasetOptions, Layout, is_archive, unpack};
use vortex_codec::{Compressor, DType, Decompressor, ErrorKind};

use super::bench::{STRIDE, model, modelled_records, records, schema};

fn opened(file: &[u8]) -> Archive<Cursor<&[u8]>> {
    Archive::from_reader(Cursor::new(file), &Decompressor::new()).unwrap()
}

/// The bytes of a field at `offset` of records.
fn column(bytes: &[u8], offset: usize, size: usize) -> Vec<u8> {
    bytes.chunks_exact(STRIDE).flat_map(|r| r[offset..offset + size].to_vec()).collect()
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
    // An unfinished row in between parts them.
    let cut = [pack(&first[..first.len() - 1]), pack(&second)].concat();
    let mut archive = opened(&cut);
    let rows: Vec<u64> = archive.datasets().map(|dataset| dataset.rows).collect();
    assert_eq!(rows, [699, 300]);
    let error = archive.rows(0..1).unwrap_err();
    assert!(error.message().contains("part 1, part 2"), "{error}");
    assert!(archive.rows_of("part 2", 0..300).unwrap().bytes == second);
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

/// A structured array and a plain one, as numpy saves them.
fn npz(folder: &Path) -> (Vec<u8>, Vec<u8>, std::path::PathBuf) {
    let (table, numbers) = (records(STRIDE * 2000), records(4 * 501));
    let npy = |descr: &str, n: usize, bytes: &[u8]| {
        let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': ({n},), }}");
        let len = (10 + text.len() + 1).next_multiple_of(64);
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend(((len - 10) as u16).to_le_bytes());
        file.extend(format!("{text:<width$}\n", width = len - 11).bytes());
        file.extend(bytes);
        file
    };
    let table_npy = npy("[('pt', '<f4'), ('event', '<u4'), ('cell', '<i4')]", 2000, &table);
    let numbers_npy = npy("'<u4'", 501, &numbers);
    let path = folder.join("two.npz");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (name, bytes) in [("jets.npy", table_npy), ("numbers.npy", numbers_npy)] {
        use std::io::Write;
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    zip.finish().unwrap();
    (table, numbers, path)
}

#[test]
fn an_archive_of_two_datasets() {
    let folder = tempfile::tempdir().unwrap();
    let (table, numbers, path) = npz(folder.path());
    for (layout, name) in [(Layout::Row, "row"), (Layout::Column, "column")] {
        let scratch = folder.path().join(name);
        let packed = folder.path().join(format!("{name}.vxc"));
        let output = std::fs::File::create(&packed).unwrap();
        let mut read = 0;
        let (manifest, summary) = Compressor::new()
            .block_bytes(4096)
            .compress_datasets(
                &path,
                &DatasetOptions { layout: Some(layout) },
                &scratch,
                &mut |n| read += n,
                output,
            )
            .unwrap();
        assert_eq!(read as usize, table.len() + numbers.len());
        assert_eq!(summary.compressed_bytes, std::fs::metadata(&packed).unwrap().len());

        let mut archive = Archive::open(&packed).unwrap();
        assert_eq!(archive.manifest(), Some(&manifest));
        let names: Vec<_> = archive.datasets().map(|d| (d.name.to_owned(), d.rows)).collect();
        assert_eq!(names, [("jets".to_owned(), 2000), ("numbers".to_owned(), 501)]);
        let rows = archive.rows_of("jets", 900..1700).unwrap();
        let wanted = &table[STRIDE * 900..STRIDE * 1700];
        assert!(rows.bytes == wanted, "{name}");
        let event = archive.field_of("jets", "event", 900..1700).unwrap();
        assert_eq!(event.dtype, DType::U32);
        assert!(event.bytes == column(wanted, 4, 4) && event == rows.field("event").unwrap());
        assert!(archive.rows_of("numbers", 0..501).unwrap().bytes == numbers);
        assert_eq!(archive.rows(0..1).unwrap_err().kind(), ErrorKind::NotFound);
        let error = archive.rows_of("none", 0..1).unwrap_err();
        assert!(error.message().contains("jets, numbers"), "{error}");

        // As a stream it becomes a prepared folder again.
        let mut reader = Decompressor::new().reader(std::fs::File::open(&packed).unwrap());
        reader.start().unwrap();
        assert!(is_archive(&reader));
        let again = folder.path().join(format!("{name}-again"));
        std::fs::create_dir(&again).unwrap();
        assert_eq!(unpack(&mut reader, &again).unwrap(), manifest);
        for stream in manifest.streams() {
            let read = |folder: &Path| std::fs::read(folder.join(&stream.file)).unwrap();
            assert!(read(&scratch) == read(&again), "{}", stream.file);
        }
    }
}

#[test]
fn a_manifest_that_lies_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (_, _, path) = npz(folder.path());
    let scratch = folder.path().join("scratch");
    let (options, mut packed) = (DatasetOptions { layout: Some(Layout::Row) }, Vec::new());
    let compressor = Compressor::new();
    let (honest, _) =
        compressor.compress_datasets(&path, &options, &scratch, &mut |_| {}, &mut packed).unwrap();
    let opened = |change: &dyn Fn(&mut vortex_codec::sources::prepare::Manifest)| {
        let (mut manifest, mut file) = (honest.clone(), Vec::new());
        change(&mut manifest);
        compressor.pack(&manifest, &scratch, &mut file).unwrap();
        Archive::from_reader(Cursor::new(file), &Decompressor::new()).map(|_| ())
    };
    opened(&|_| {}).unwrap();
    // What it says of the streams is not asked: their lengths follow from the rows.
    opened(&|m| m.sources[0].datasets[0].streams[0].bytes -= 1).unwrap();
    let corrupt = |change: &dyn Fn(&mut vortex_codec::sources::prepare::Manifest)| {
        let error = opened(change).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Source), "{error}");
    };
    corrupt(&|m| m.sources[0].datasets[0].records += 1);
    corrupt(&|m| m.sources[0].datasets[0].records = u64::MAX);
    corrupt(&|m| m.sources[0].datasets[0].streams.clear());
    corrupt(&|m| m.sources[0].datasets[0].layout = Layout::Column);
    corrupt(&|m| m.sources[0].datasets[0].stride = 0);
}
