//! Files of datasets: their rows and fields, and how they are restored.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use vortex_codec::archive::{Archive, DatasetOptions, Layout, is_archive, unpack};
use vortex_codec::sources::prepare::Manifest;
use vortex_codec::{Compressor, DType, Decompressor, ErrorKind};

use super::bench::{STRIDE, column, records};

/// A structured array and a plain one, as numpy saves them.
fn npz(folder: &Path) -> (Vec<u8>, Vec<u8>, PathBuf) {
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
                &DatasetOptions { layout: Some(layout), strict: false },
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

        // Read as a stream, it becomes a prepared folder.
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
    let (options, mut packed) =
        (DatasetOptions { layout: Some(Layout::Row), strict: false }, Vec::new());
    let compressor = Compressor::new();
    let (honest, _) =
        compressor.compress_datasets(&path, &options, &scratch, &mut |_| {}, &mut packed).unwrap();
    let opened = |change: &dyn Fn(&mut Manifest)| {
        let (mut manifest, mut file) = (honest.clone(), Vec::new());
        change(&mut manifest);
        compressor.pack(&manifest, &scratch, &mut file).unwrap();
        Archive::from_reader(Cursor::new(file), &Decompressor::new()).map(|_| ())
    };
    opened(&|_| {}).unwrap();
    // The sizes in the manifest are not used: the lengths of the streams follow from the rows.
    opened(&|m| m.sources[0].datasets[0].streams[0].bytes -= 1).unwrap();
    let corrupt = |change: &dyn Fn(&mut Manifest)| {
        let error = opened(change).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Source), "{error}");
    };
    corrupt(&|m| m.sources[0].datasets[0].records += 1);
    corrupt(&|m| m.sources[0].datasets[0].records = u64::MAX);
    corrupt(&|m| m.sources[0].datasets[0].streams.clear());
    corrupt(&|m| m.sources[0].datasets[0].layout = Layout::Column);
    corrupt(&|m| m.sources[0].datasets[0].stride = 0);
}
