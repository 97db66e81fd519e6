//! Reading an archive of datasets as a stream: its manifest and streams become a prepared folder.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use vortex_coder::container::Reader;
use vortex_sources::prepare::{MANIFEST_NAME, MAX_MANIFEST_BYTES, Manifest};

use super::{MANIFEST_LABEL, STREAM_LABEL};
use crate::error::{Error, ErrorKind, Result};

/// Whether the current member of a reader is the manifest of an archive.
pub fn is_archive<R: Read>(reader: &Reader<R>) -> bool {
    reader.members() == 0 && reader.label() == Some(MANIFEST_LABEL)
}

/// Writes the manifest and the streams of an archive into a folder, each stream with its schema
/// beside it. The reader must be at the start of the archive.
///
/// # Errors
/// [`ErrorKind::Corrupt`] for a file that is not an archive, and as for reading and writing.
pub fn unpack<R: Read>(reader: &mut Reader<R>, folder: &Path) -> Result<Manifest> {
    let mut text = Vec::new();
    let mut block = reader.next_block()?;
    while let Some(bytes) = block.take_if(|_| is_archive(reader)) {
        if text.len() as u64 + bytes.len() as u64 > MAX_MANIFEST_BYTES {
            let message = format!("its manifest has more than {MAX_MANIFEST_BYTES} bytes");
            return Err(Error::new(ErrorKind::LimitExceeded, message));
        }
        text.extend(bytes);
        block = reader.next_block()?;
    }
    let manifest = Manifest::parse(Path::new(MANIFEST_NAME), &text)?;
    let path = folder.join(MANIFEST_NAME);
    let at = |path: &Path, error: io::Error| Error::from(error).context(path.display());
    std::fs::write(&path, &text).map_err(|error| at(&path, error))?;
    for stream in manifest.streams() {
        let path = folder.join(&stream.file);
        // This program never writes a manifest that names a stream twice.
        let file = File::create_new(&path).map_err(|error| at(&path, error))?;
        let mut file = io::BufWriter::new(file);
        let label = format!("{STREAM_LABEL}{}", stream.file);
        while let Some(bytes) = block.take_if(|_| reader.label() == Some(label.as_str())) {
            file.write_all(&bytes).map_err(|error| at(&path, error))?;
            block = reader.next_block()?;
        }
        file.flush().map_err(|error| at(&path, error))?;
    }
    if block.is_some() {
        let label = reader.label().unwrap_or("(none)");
        let message = format!(
            "member {} ({label:?}) is not the next stream of the manifest",
            reader.members()
        );
        return Err(Error::new(ErrorKind::Corrupt, message));
    }
    write_schemas(&manifest, folder)?;
    Ok(manifest)
}

/// The archive does not store the schema files beside streams, because they follow from the
/// manifest.
fn write_schemas(manifest: &Manifest, folder: &Path) -> Result<()> {
    for source in &manifest.sources {
        for dataset in &source.datasets {
            for (path, schema) in dataset.stream_schemas()? {
                let path: PathBuf = folder.join(path).with_extension("schema.yaml");
                vortex_data::write_schema(&path, &schema)?;
            }
        }
    }
    Ok(())
}
