//! Archives with any manifest: rows and fields come back, or an error, and the two ways to a field
//! agree.
#![no_main]

use std::io::{Cursor, Write};
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use vortex_codec::Decompressor;
use vortex_codec::archive::Archive;
use vortex_codec::coder::container::{Coder, Writer, WriterOptions};
use vortex_codec::coder::Schema;
use vortex_codec::sources::prepare::Manifest;

/// Bytes of a stream that are written, whatever the manifest says.
const MOST: u64 = 4096;

fn member(out: &mut Vec<u8>, label: String, bytes: &[u8]) -> vortex_codec::Result<()> {
    let coder = Coder::Classic(Schema::bytes());
    let options = WriterOptions { label: Some(label), ..WriterOptions::new(coder) };
    let mut writer = Writer::new(out, options)?;
    writer.write_all(bytes)?;
    writer.finish()?;
    Ok(())
}

fuzz_target!(|manifest: &[u8]| {
    let mut file = Vec::new();
    member(&mut file, "vortex:manifest".into(), manifest).expect("memory takes it");
    if let Ok(manifest) = Manifest::parse(Path::new("manifest.json"), manifest) {
        for stream in manifest.streams().take(8) {
            let bytes: Vec<u8> = (0..stream.bytes.min(MOST)).map(|i| i as u8).collect();
            // A name may be too long for a label.
            let _ = member(&mut file, format!("vortex:stream:{}", stream.file), &bytes);
        }
    }
    let decompressor = Decompressor::new().threads(1);
    let Ok(mut archive) = Archive::from_reader(Cursor::new(&file), &decompressor) else { return };
    let datasets: Vec<_> = archive.datasets().map(|d| (d.name.to_owned(), d.rows)).collect();
    for (name, n) in datasets {
        // Names need not be unique here.
        let Ok(rows) = archive.rows_of(&name, 0..n.min(16)) else { continue };
        for field in rows.schema.fields() {
            let column = rows.field(&field.name).expect("it is there");
            assert_eq!(archive.field_of(&name, &field.name, 0..n.min(16)).unwrap(), column);
        }
    }
});
