//! Decompression: where models come from, and the limits for a file.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use vortex_coder::container::{
    Limits, ModelLoader, Permits, Progress, Reader, ReaderOptions, Summary,
};

use crate::error::{Error, Result};
use crate::hook::Hook;
use crate::models::{MAX_MODEL_BYTES, Models, TrainedModel};
use crate::output::output_from;

/// How to decompress. One decompressor serves any number of files, and loads each model once.
///
/// ```
/// use vortex_codec::{Decompressor, compress};
///
/// # fn main() -> vortex_codec::Result<()> {
/// let (file, mut back) = (compress(b"four and twenty")?, Vec::new());
/// let summary = Decompressor::new().threads(2).decompress(file.as_slice(), &mut back)?;
/// assert_eq!((summary.original_bytes, back.as_slice()), (15, &b"four and twenty"[..]));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Decompressor {
    models: Arc<Models>,
    file: Option<PathBuf>,
    threads: usize,
    replace: bool,
    limits: Limits,
    cancel: Option<Arc<AtomicBool>>,
    permits: Option<Arc<Permits>>,
    on_block: Option<Hook>,
}

impl Default for Decompressor {
    fn default() -> Self {
        Self::new()
    }
}

impl Decompressor {
    /// Uses all cores, and models that are embedded or found as [`crate::models`] describes.
    pub fn new() -> Self {
        let limits = Limits {
            max_model_bytes: u32::try_from(MAX_MODEL_BYTES).unwrap_or(u32::MAX),
            ..Limits::default()
        };
        Self {
            models: Arc::default(),
            file: None,
            threads: 0,
            replace: false,
            limits,
            cancel: None,
            permits: None,
            on_block: None,
        }
    }

    /// A model for the files that need it.
    #[must_use]
    pub fn model(mut self, model: impl Into<TrainedModel>) -> Self {
        self.models = Arc::new(self.models.without_given().with(model.into()));
        self
    }

    /// The set of models, which may be shared with others.
    #[must_use]
    pub fn models(mut self, models: Arc<Models>) -> Self {
        self.models = models;
        self
    }

    /// The compressed file, to look for models beside it.
    #[must_use]
    pub fn beside(mut self, file: impl Into<PathBuf>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// Threads that decode blocks; 0, the default, is one for each core.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Whether [`Decompressor::decompress_file`] may replace an existing file.
    #[must_use]
    pub fn replace(mut self, replace: bool) -> Self {
        self.replace = replace;
        self
    }

    /// Limits of the memory that a file may need.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// A flag that is checked before each block, and inside the long blocks of the mixing predictor:
    /// if it is set, decompression ends with [`crate::ErrorKind::Cancelled`].
    #[must_use]
    pub fn cancel(mut self, flag: Arc<AtomicBool>) -> Self {
        self.cancel = Some(flag);
        self
    }

    /// Bounds the blocks that are decoded at once, together with a writer.
    pub(crate) fn permits(mut self, permits: Arc<Permits>) -> Self {
        self.permits = Some(permits);
        self
    }

    /// Called after each block with the progress so far.
    #[must_use]
    pub fn on_block(mut self, hook: impl FnMut(Progress) + Send + 'static) -> Self {
        self.on_block = Some(Hook::new(hook));
        self
    }

    /// Decompresses all of `input`, which may be several files in a row. The bytes of a block are
    /// checked before they are written, and the end of the file before this returns.
    ///
    /// # Errors
    /// A kind for each possible fault of a file; the errors of models, of reading and writing,
    /// and [`crate::ErrorKind::Cancelled`].
    pub fn decompress(&self, input: impl Read, mut output: impl Write) -> Result<Summary> {
        let summary = self.reader(input).copy_to(&mut output)?;
        output.flush().map_err(|error| Error::from(error).context("cannot be written"))?;
        Ok(summary)
    }

    /// Decompresses a file; models beside it are found. The output gets its final name when it is
    /// complete, with the time and the permissions of the input.
    ///
    /// # Errors
    /// As [`Decompressor::decompress`], and [`crate::ErrorKind::OutputExists`].
    pub fn decompress_file(
        &self,
        input: impl AsRef<Path>,
        output: impl AsRef<Path>,
    ) -> Result<Summary> {
        let input = input.as_ref();
        output_from(input, output.as_ref(), self.replace, |file, output| {
            self.clone().beside(input).decompress(file, output)
        })
    }

    /// The original bytes as an [`io::Read`](std::io::Read).
    pub fn reader<R: Read>(&self, input: R) -> Reader<R> {
        self.reader_from(input, self.loader())
    }

    pub(crate) fn reader_from<R: Read>(&self, input: R, models: Arc<dyn ModelLoader>) -> Reader<R> {
        let mut reader = Reader::new(input, self.options(models));
        if let Some(hook) = &self.on_block {
            reader.on_block(hook.after(Progress::default()));
        }
        reader
    }

    /// Options of a reader of vortex-coder, such as its `IndexedReader`.
    pub fn reader_options(&self) -> ReaderOptions {
        self.options(self.loader())
    }

    fn loader(&self) -> Arc<dyn ModelLoader> {
        self.models.loader(self.file.as_deref())
    }

    fn options(&self, models: Arc<dyn ModelLoader>) -> ReaderOptions {
        let (limits, threads) = (self.limits, self.threads);
        let (cancel, permits) = (self.cancel.clone(), self.permits.clone());
        ReaderOptions { models, limits, threads, cancel, permits, ..ReaderOptions::default() }
    }
}

/// Decompresses the bytes of a `.vxc` file.
///
/// ```
/// # fn main() -> vortex_codec::Result<()> {
/// # let file = vortex_codec::compress(b"as it was")?;
/// let bytes = vortex_codec::decompress(&file)?;
/// assert_eq!(bytes, b"as it was");
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`Decompressor::decompress`].
pub fn decompress(file: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    Decompressor::new().decompress(file, &mut bytes)?;
    Ok(bytes)
}
