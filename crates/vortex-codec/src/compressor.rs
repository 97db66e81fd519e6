//! Compression: the options of the caller, and the code path from bytes to a `.vxc` file.

use std::borrow::Cow;
use std::fs::Metadata;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use vortex_coder::Schema;
use vortex_coder::container::{Progress, Summary};

use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::hook::Hook;
use crate::input::{ReadBefore, check_unchanged};
use crate::level::Level;
use crate::mix::Mix;
use crate::models::TrainedModel;
use crate::output::output_from;
use crate::plan::{Plan, Request, SAMPLE_BYTES, Subject};
use crate::writer::Writer;

/// How to compress. One compressor serves any number of files.
///
/// ```
/// use vortex_codec::{Compressor, DType, Field, Schema, decompress};
///
/// # fn main() -> vortex_codec::Result<()> {
/// # let bytes: Vec<u8> = (0..3000u32).flat_map(|i| [i.to_le_bytes(), (i % 7).to_le_bytes()].concat()).collect();
/// # let (reader, mut writer) = (bytes.as_slice(), Vec::new());
/// let schema = Schema::new(8, vec![Field::new("event", DType::U32, 0), Field::new("cell", DType::U32, 4)])?;
/// let summary = Compressor::new().schema(schema).threads(2).compress(reader, &mut writer)?;
/// assert!(summary.compressed_bytes < summary.original_bytes / 4);
/// # assert_eq!(decompress(&writer)?, bytes);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Compressor {
    pub(crate) request: Request,
    pub(crate) embed_model: bool,
    pub(crate) lanes: Option<u16>,
    pub(crate) threads: usize,
    pub(crate) verify: bool,
    replace: bool,
    pub(crate) label: Option<String>,
    pub(crate) cancel: Option<Arc<AtomicBool>>,
    pub(crate) on_block: Option<Hook>,
}

impl Default for Compressor {
    fn default() -> Self {
        Self::new()
    }
}

impl Compressor {
    /// The built-in predictor at its default level on all cores; the output is decoded again and
    /// compared.
    pub fn new() -> Self {
        Self {
            request: Request::default(),
            embed_model: false,
            lanes: None,
            threads: 0,
            verify: true,
            replace: false,
            label: None,
            cancel: None,
            on_block: None,
        }
    }

    /// Predicts with a trained model instead of the built-in predictor.
    #[must_use]
    pub fn model(mut self, model: impl Into<TrainedModel>) -> Self {
        self.request.model = Some(model.into());
        self
    }

    /// Whether the network of the model is mixed with contexts that learn from the file, of
    /// [`Compressor::level`]; [`Mix::Auto`] by default, where a sample decides.
    ///
    /// ```no_run
    /// use vortex_codec::{Compressor, Mix, TrainedModel};
    ///
    /// # fn main() -> vortex_codec::Result<()> {
    /// let model = TrainedModel::open("jets.vxm")?;
    /// let mixed = Compressor::new().model(model).mix(Mix::Always);
    /// mixed.compress_file("jets.bin", "jets.bin.vxc")?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn mix(mut self, mix: Mix) -> Self {
        self.request.mix = mix;
        self
    }

    /// Sets the schema of the records. Without it, the schema beside the file is used, or the
    /// records are detected in the bytes. With a model, the records of the model are used.
    #[must_use]
    pub fn schema(mut self, schema: Schema) -> Self {
        self.request.schema = Some(schema);
        self
    }

    /// How much work the built-in predictor does.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.request.level = level;
        self
    }

    /// Bytes per block, rounded to whole records. Blocks are coded independently: they are the unit
    /// of random access and of threads.
    #[must_use]
    pub fn block_bytes(mut self, bytes: u32) -> Self {
        self.request.block_bytes = Some(bytes);
        self
    }

    /// Number of lanes of a block that advance together; by default it depends on the length of the
    /// block.
    #[must_use]
    pub fn lanes(mut self, lanes: u16) -> Self {
        self.lanes = Some(lanes);
        self
    }

    /// Threads that code blocks; 0, the default, is one for each core. The file does not depend on it.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Whether the output is decoded again at once and compared. It is on by default and takes
    /// about as long as coding.
    #[must_use]
    pub fn verify(mut self, verify: bool) -> Self {
        self.verify = verify;
        self
    }

    /// Whether [`Compressor::compress_file`] may replace an existing file.
    #[must_use]
    pub fn replace(mut self, replace: bool) -> Self {
        self.replace = replace;
        self
    }

    /// Stores the model in the file, so that decompression needs no other file.
    #[must_use]
    pub fn embed_model(mut self, embed: bool) -> Self {
        self.embed_model = embed;
        self
    }

    /// Label of the members of the file.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// A flag that is checked before each block, and inside the long blocks of the mixing predictor:
    /// if it is set, compression ends with [`crate::ErrorKind::Cancelled`].
    #[must_use]
    pub fn cancel(mut self, flag: Arc<AtomicBool>) -> Self {
        self.cancel = Some(flag);
        self
    }

    /// Called after each block with the progress so far.
    #[must_use]
    pub fn on_block(mut self, hook: impl FnMut(Progress) + Send + 'static) -> Self {
        self.on_block = Some(Hook::new(hook));
        self
    }

    /// What this compressor would do with a file or with bytes.
    ///
    /// # Errors
    /// As [`Plan::of`].
    pub fn plan(&self, subject: Subject<'_>) -> Result<Plan> {
        let mut request = Cow::Borrowed(&self.request);
        if self.lanes.is_some_and(|lanes| lanes > 1) && request.mix == Mix::Auto {
            // Contexts have one lane.
            request.to_mut().mix = Mix::Never;
        }
        Plan::of(subject, &request)
    }

    /// Compresses all of `input`.
    ///
    /// # Errors
    /// Those of reading and writing, and [`crate::ErrorKind::InvalidArgument`],
    /// [`crate::ErrorKind::VerifyFailed`], [`crate::ErrorKind::Cancelled`]. After an error, the
    /// output is not a complete file.
    pub fn compress(&self, mut input: impl Read, output: impl Write) -> Result<Summary> {
        let mut sample = Vec::new();
        if self.request.needs_sample() {
            let read = (&mut input).take(SAMPLE_BYTES as u64).read_to_end(&mut sample);
            read.map_err(unreadable)?;
        }
        let plan = self.plan(Subject::Bytes(&sample))?;
        self.compress_as(&plan, ReadBefore::new(sample).chain(input), output)
    }

    /// An [`io::Write`] whose bytes come out compressed, for callers that do not have a reader. The
    /// file is the same as that of [`Compressor::compress`].
    ///
    /// ```
    /// use std::io::Write;
    ///
    /// use vortex_codec::{Compressor, decompress};
    ///
    /// # fn main() -> vortex_codec::Result<()> {
    /// let mut writer = Compressor::new().writer(Vec::new());
    /// writer.write_all(b"piece by ")?;
    /// writer.write_all(b"piece")?;
    /// let (file, summary) = writer.finish()?;
    /// assert_eq!((summary.original_bytes, decompress(&file)?), (14, b"piece by piece".to_vec()));
    /// # Ok(()) }
    /// ```
    pub fn writer<W: Write>(&self, output: W) -> Writer<W> {
        Writer::new(self.clone(), output)
    }

    /// Compresses a file. Its records are found from its name, its format and the files beside it.
    /// The output gets its final name when it is complete, with the time and the permissions of the
    /// input.
    ///
    /// # Errors
    /// As [`Compressor::compress`] and [`Compressor::plan`], and [`crate::ErrorKind::OutputExists`],
    /// [`crate::ErrorKind::InputChanged`].
    pub fn compress_file(
        &self,
        input: impl AsRef<Path>,
        output: impl AsRef<Path>,
    ) -> Result<Summary> {
        let input = input.as_ref();
        output_from(input, output.as_ref(), self.replace, |file, output| {
            let before = file.metadata().ok().filter(Metadata::is_file);
            let summary = self.compress_as(&self.plan(Subject::File(input))?, file, output)?;
            if let Some(before) = before {
                check_unchanged(input, &before, summary.original_bytes)?;
            }
            Ok(summary)
        })
    }

    /// Compresses all of `input` as planned.
    ///
    /// # Errors
    /// As [`Compressor::compress`].
    pub fn compress_as(
        &self,
        plan: &Plan,
        input: impl Read,
        output: impl Write,
    ) -> Result<Summary> {
        let mut encoder = Encoder::new(self, output);
        let mut input = input;
        for part in &plan.parts {
            let piece = (&mut input).take(part.bytes.unwrap_or(u64::MAX));
            encoder.member(piece, part, self.label.clone())?;
        }
        encoder.finish()
    }
}

/// An error of the input, not of the output.
pub(crate) fn unreadable(error: io::Error) -> Error {
    Error::from(error).context("cannot be read")
}

/// Compresses bytes with the built-in predictor. It detects records in them.
///
/// ```
/// # fn main() -> vortex_codec::Result<()> {
/// let bytes = b"one two three ".repeat(1000);
/// let file = vortex_codec::compress(&bytes)?;
/// assert!(file.len() < 500);
/// assert_eq!(vortex_codec::decompress(&file)?, bytes);
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`Compressor::compress`].
pub fn compress(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    Compressor::new().compress(bytes, &mut file)?;
    Ok(file)
}
