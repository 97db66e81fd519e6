//! Any bytes with any options come back, read as a stream and through the index, and the file
//! does not depend on threads or on the pieces that it was written in.
#![no_main]

use std::io::{Cursor, Write};

use libfuzzer_sys::fuzz_target;
use vortex_coder::{Schema, columns};
use vortex_coder::container::constants::*;
use vortex_coder::container::*;

fuzz_target!(|data: &[u8]| {
    let Some((head, rest)) = data.split_first_chunk::<8>() else { return };
    let [kind, schema_len, lanes, threads, b0, b1, piece, level] = *head;
    let Some((schema, original)) = rest.split_at_checked(schema_len.into()) else { return };
    let schema = Schema::read_from(&mut &*schema).unwrap_or_else(|_| Schema::bytes());
    let coder = match kind & 5 {
        0 => Coder::adaptive(schema),
        4 => Coder::columns(schema, columns::Level::HIGHEST),
        _ => Coder::Classic(schema),
    };
    let options = WriterOptions {
        block_bytes: MIN_BLOCK_BYTES + u32::from(u16::from_le_bytes([b0, b1])),
        lanes: (lanes > 0 && kind & 5 != 4).then_some(u16::from(lanes) * 4),
        threads: usize::from(threads % 3),
        zstd_level: (level > 0).then_some(i32::from(level % 5) + 1),
        verify: kind & 2 != 0,
        ..WriterOptions::new(coder)
    };
    let write = |options: WriterOptions, piece: usize| {
        let mut writer = Writer::new(Vec::new(), options).expect("options that fit");
        for piece in original.chunks(piece) {
            writer.write_all(piece).expect("written");
        }
        writer.finish().expect("finished").0
    };
    let file = write(options.clone(), usize::from(piece) + 1);
    assert_eq!(file, write(WriterOptions { threads: 1, ..options.clone() }, usize::MAX));

    let reading = ReaderOptions { threads: options.threads, ..ReaderOptions::default() };
    let mut decoded = Vec::new();
    Reader::new(file.as_slice(), reading.clone()).copy_to(&mut decoded).expect("sound");
    assert_eq!(decoded, original);
    let mut reader = IndexedReader::open(Cursor::new(&file), reading).expect("sound");
    let (from, to) = (original.len() * usize::from(b0) / 256, original.len());
    let range = reader.read_range(from as u64, to - from).expect("inside");
    assert_eq!(range, original[from..to]);
});
