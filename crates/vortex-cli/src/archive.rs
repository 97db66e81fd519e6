//! Archives of datasets: `.vxc` files whose first member is a manifest, and whose others are the
//! streams of a prepared folder. The form is described in docs/format.md.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;
use vortex_coder::adaptive::AdaptiveModel;
use vortex_coder::container::Reader;
use vortex_coder::{Model, Schema};
use vortex_data::read_schema;
use vortex_sources::prepare::{MANIFEST_NAME, MAX_MANIFEST_BYTES, Manifest};

use crate::codec::{self, Encoding};
use crate::interrupt;
use crate::verify::Hashing;

const MANIFEST_LABEL: &str = "vortex:manifest";
const STREAM_LABEL: &str = "vortex:stream:";

/// A temporary folder that goes when it is dropped, and on Ctrl-C.
pub struct Scratch(Option<TempDir>);

impl Scratch {
    /// Makes one in `folder`.
    pub fn new(folder: &Path) -> Result<Self> {
        let made = interrupt::create(|| {
            let made = tempfile::Builder::new().prefix(".vortex.").tempdir_in(folder)?;
            let path = made.path().to_owned();
            Ok((made, path))
        });
        let made =
            made.with_context(|| format!("cannot write in the folder {}", folder.display()))?;
        Ok(Self(Some(made)))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.as_ref().map_or(Path::new("."), TempDir::path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(made) = self.0.take() {
            let path = made.path().to_owned();
            interrupt::finish(&path, || drop(made));
        }
    }
}

/// Compresses a prepared folder. Streams whose schema is that of the model in `encoding` are coded
/// with it, the others with the built-in predictor. Returns bytes and digest of all that was coded.
pub fn pack(
    manifest: &Manifest,
    folder: &Path,
    output: &mut dyn Write,
    encoding: &Encoding,
) -> Result<(u64, blake3::Hash)> {
    let with_schema = |schema: Schema| -> Encoding {
        let given = encoding.model.identity().model_file().is_some()
            && encoding.model.layout().schema().same_records(&schema);
        let model: Arc<dyn Model> = match given {
            true => Arc::clone(&encoding.model),
            false => Arc::new(AdaptiveModel::new(schema)),
        };
        let embedded = if given { encoding.embedded.clone() } else { None };
        Encoding { model, embedded, ..*encoding }
    };
    let text = manifest.to_bytes();
    let mut hashing = Hashing::new(text.as_slice());
    let label = Some(MANIFEST_LABEL.to_owned());
    codec::encode_labelled(&mut hashing, &mut *output, &with_schema(Schema::bytes()), label)?;
    let (mut bytes, mut digest) = (hashing.bytes, hashing.digest);
    for stream in manifest.streams() {
        let path = folder.join(&stream.file);
        let schema = read_schema(&path.with_extension("schema.yaml"))?;
        let file = File::open(&path).with_context(|| path.display().to_string())?;
        let mut hashing = Hashing { input: file, digest, bytes };
        let label = Some(format!("{STREAM_LABEL}{}", stream.file));
        codec::encode_labelled(&mut hashing, &mut *output, &with_schema(schema), label)?;
        (digest, bytes) = (hashing.digest, hashing.bytes);
    }
    Ok((bytes, digest.finalize()))
}

/// Whether the member that a reader stands in is the manifest of an archive.
pub fn is_archive<R: Read>(reader: &Reader<R>) -> bool {
    reader.members() == 0 && reader.label() == Some(MANIFEST_LABEL)
}

/// Writes the manifest and the streams of an archive, which the reader has not begun to give out,
/// into a folder.
pub fn unpack<R: Read>(reader: &mut Reader<R>, folder: &Path) -> Result<Manifest> {
    let mut text = Vec::new();
    let mut block = reader.next_block()?;
    while let Some(bytes) = block.take_if(|_| is_archive(reader)) {
        ensure!(
            text.len() as u64 + bytes.len() as u64 <= MAX_MANIFEST_BYTES,
            "its manifest has more than {MAX_MANIFEST_BYTES} bytes"
        );
        text.extend(bytes);
        block = reader.next_block()?;
    }
    let manifest = Manifest::parse(Path::new(MANIFEST_NAME), &text)?;
    let path = folder.join(MANIFEST_NAME);
    std::fs::write(&path, &text).with_context(|| path.display().to_string())?;
    for stream in manifest.streams() {
        let path = folder.join(&stream.file);
        // A manifest that names a stream twice is not one of ours.
        let file = File::create_new(&path).with_context(|| path.display().to_string())?;
        let mut file = io::BufWriter::new(file);
        let label = format!("{STREAM_LABEL}{}", stream.file);
        while let Some(bytes) = block.take_if(|_| reader.label() == Some(label.as_str())) {
            file.write_all(&bytes).with_context(|| path.display().to_string())?;
            block = reader.next_block()?;
        }
        file.flush().with_context(|| path.display().to_string())?;
    }
    if block.is_some() {
        let label = reader.label().unwrap_or("(none)");
        bail!("member {} ({label:?}) is not the next stream of the manifest", reader.members());
    }
    write_schemas(&manifest, folder)?;
    Ok(manifest)
}

/// Schemas beside streams are not in the archive: they follow from the manifest.
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
