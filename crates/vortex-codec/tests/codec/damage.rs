//! Damaged and wrong files: each gives its kind of error.

use std::io::{self, Cursor, Write};

use vortex_codec::archive::Archive;
use vortex_codec::{Compressor, Decompressor, ErrorKind, decompress};

use super::bench::{STRIDE, records, schema};

fn packed() -> Vec<u8> {
    let mut file = Vec::new();
    let compressor = Compressor::new().schema(schema()).block_bytes(2048);
    compressor.compress(records(STRIDE * 600 + 5).as_slice(), &mut file).unwrap();
    file
}

#[test]
fn kinds() {
    let whole = packed();
    let kind = |file: &[u8]| decompress(file).unwrap_err().kind();
    assert_eq!(kind(b"hello, world, this is no such thing"), ErrorKind::NotVxc);
    assert_eq!(kind(&whole[..whole.len() - 1]), ErrorKind::Truncated);
    assert_eq!(kind(&[]), ErrorKind::Truncated);
    assert_eq!(kind(&[&whole[..], b"more"].concat()), ErrorKind::TrailingData);
    let flipped = |at: usize| {
        let mut file = whole.clone();
        file[at] ^= 1;
        kind(&file)
    };
    assert_eq!(flipped(8), ErrorKind::UnsupportedVersion);
    assert_eq!(flipped(20), ErrorKind::ChecksumMismatch);
    assert_eq!(flipped(whole.len() / 2), ErrorKind::ChecksumMismatch);
}

#[test]
fn every_cut_and_many_flips_are_errors_in_every_reader() {
    let whole = packed();
    for at in (0..whole.len()).step_by(13) {
        assert!(decompress(&whole[..at]).is_err(), "{at}");
        let mut file = whole.clone();
        file[at] ^= 0x10;
        assert!(decompress(&file).is_err(), "{at}");
        // Random access reads less, and never returns wrong bytes.
        let opened = Archive::from_reader(Cursor::new(&file), &Decompressor::new());
        let rows = opened.and_then(|mut archive| archive.rows(100..400));
        if let Ok(rows) = rows {
            assert!(rows.bytes == records(STRIDE * 400)[STRIDE * 100..], "{at}");
        }
        assert!(Archive::from_reader(Cursor::new(&whole[..at]), &Decompressor::new()).is_err());
    }
}

#[test]
fn the_system_speaks_for_itself() {
    /// Accepts this number of bytes, then no more.
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let full = ErrorKind::Io(io::ErrorKind::StorageFull);
    let data = records(STRIDE * 5000);
    let error = Compressor::new().compress(data.as_slice(), Full(500)).unwrap_err();
    assert_eq!(error.kind(), full);
    let error = Decompressor::new().decompress(packed().as_slice(), Full(500)).unwrap_err();
    assert_eq!(error.kind(), full);
    assert!(std::error::Error::source(&error).is_some());
}
