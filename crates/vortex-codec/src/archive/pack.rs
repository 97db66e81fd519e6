//! Writing an archive of datasets.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use vortex_coder::Schema;
use vortex_coder::container::Summary;
use vortex_data::read_schema;
use vortex_sources::prepare::{LayoutRule, Manifest, PrepareOptions, prepare};

use super::{MANIFEST_LABEL, STREAM_LABEL};
use crate::compressor::Compressor;
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::plan::{Plan, Request, Subject};

pub use vortex_sources::prepare::Layout;

/// How to read the datasets of a file.
#[derive(Clone, Debug, Default)]
pub struct DatasetOptions {
    /// Order of the values in the streams; `None`: the layout of the model or, without a model, the
    /// one that makes a sample smaller.
    pub layout: Option<Layout>,
    /// Refuses a file of which any part is not read.
    pub strict: bool,
}

impl Compressor {
    /// Codes the values of the datasets inside a file (HDF5, ROOT, Parquet, Arrow, npy, npz, safetensors, text, if
    /// this build reads them) instead of its bytes. `scratch` is an empty folder with space for the
    /// values; `on_bytes` gets the number of bytes read since the last call. The manifest names what
    /// is not in the output.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Source`] for a file that cannot be read, and as [`Compressor::compress`].
    pub fn compress_datasets(
        &self,
        file: &Path,
        options: &DatasetOptions,
        scratch: &Path,
        on_bytes: &mut dyn FnMut(u64),
        output: impl Write,
    ) -> Result<(Manifest, Summary)> {
        let layout = match (options.layout, &self.request.model) {
            (Some(layout), _) => LayoutRule::Fixed(layout),
            (None, Some(model)) => LayoutRule::Model(model.schema().clone()),
            (None, None) => LayoutRule::Coding,
        };
        let strict = options.strict;
        let options = PrepareOptions { layout, strict, ..Default::default() };
        let inputs: [PathBuf; 1] = [file.to_owned()];
        let manifest = prepare(&inputs, scratch, &options, on_bytes)?;
        let summary = self.pack(&manifest, scratch, output)?;
        Ok((manifest, summary))
    }

    /// Compresses a prepared folder. Streams with the records of the model are coded with it, the
    /// others with the built-in predictor.
    ///
    /// # Errors
    /// As [`Compressor::compress`].
    pub fn pack(&self, manifest: &Manifest, folder: &Path, output: impl Write) -> Result<Summary> {
        let plan = |subject: Subject<'_>, schema: Schema| {
            let request =
                Request { schema: Some(schema), model_must_fit: true, ..self.request.clone() };
            Plan::of(subject, &request)
        };
        let mut encoder = Encoder::new(self, output);
        let text = manifest.to_bytes();
        let label = Some(MANIFEST_LABEL.to_owned());
        encoder.member(
            text.as_slice(),
            plan(Subject::Bytes(&text), Schema::bytes())?.first(),
            label,
        )?;
        for stream in manifest.streams() {
            let path = folder.join(&stream.file);
            let schema = read_schema(&path.with_extension("schema.yaml"))?;
            let opened = File::open(&path);
            let file = opened.map_err(|error| Error::from(error).context(path.display()))?;
            let label = Some(format!("{STREAM_LABEL}{}", stream.file));
            encoder.member(file, plan(Subject::File(&path), schema)?.first(), label)?;
        }
        encoder.finish()
    }
}
