//! Writing a `.vxc` file: members one after the other, which are decoded again while they are
//! written.

use std::io::{Read, Write};
use std::sync::Arc;

use vortex_coder::container::{
    Coder, ModelLoader, NoModels, OneModel, Permits, Progress, Summary, Writer, WriterOptions,
};

use crate::compressor::{Compressor, unreadable};
use crate::decompressor::Decompressor;
use crate::error::{Error, Result};
use crate::plan::Part;
use crate::verify::{Tee, Verifier};

/// Number of bytes that are copied at a time.
const PIECE: usize = 256 << 10;

pub(crate) struct Encoder<'a, W> {
    options: &'a Compressor,
    tee: Tee<W>,
    /// Digest of all original bytes.
    digest: blake3::Hasher,
    summary: Summary,
}

impl<'a, W: Write> Encoder<'a, W> {
    pub(crate) fn new(options: &'a Compressor, output: W) -> Self {
        let tee = tee(options, output);
        Self { options, tee, digest: blake3::Hasher::new(), summary: Summary::default() }
    }

    /// Compresses all of `input` into a member.
    pub(crate) fn member(
        &mut self,
        mut input: impl Read,
        part: &Part,
        label: Option<String>,
    ) -> Result<()> {
        let options = writer_options(self.options, part, label, self.tee.permits.clone())?;
        let before = Progress {
            original_bytes: self.summary.original_bytes,
            compressed_bytes: self.summary.compressed_bytes,
        };
        let mut writer = Writer::new(&mut self.tee, options)?;
        if let Some(hook) = &self.options.on_block {
            writer.on_block(hook.after(before));
        }
        let mut piece = Vec::with_capacity(PIECE);
        while input.by_ref().take(PIECE as u64).read_to_end(&mut piece).map_err(unreadable)? > 0 {
            self.digest.update(&piece);
            writer.write_all(&piece)?;
            piece.clear();
        }
        let (_, of_member) = writer.finish()?;
        let sum = &mut self.summary;
        sum.original_bytes += of_member.original_bytes;
        sum.compressed_bytes += of_member.compressed_bytes;
        sum.members += of_member.members;
        sum.raw_blocks += of_member.raw_blocks;
        sum.zstd_blocks += of_member.zstd_blocks;
        sum.modelled_blocks += of_member.modelled_blocks;
        Ok(())
    }

    /// Ends the file after all members: flushes, and waits for the verification.
    pub(crate) fn finish(mut self) -> Result<Summary> {
        self.tee.finish(self.digest.finalize())?;
        Ok(self.summary)
    }
}

/// The output, with a decoder beside it if the options ask for verification. Both together have the
/// threads of the options.
pub(crate) fn tee<W>(options: &Compressor, output: W) -> Tee<W> {
    let permits = options.verify.then(|| Permits::new(options.threads));
    let verifier = permits.clone().map(|permits| {
        let models: Arc<dyn ModelLoader> = match &options.request.model {
            Some(model) => Arc::new(OneModel(model.predictor())),
            None => Arc::new(NoModels),
        };
        let mut decoder = Decompressor::new().threads(options.threads);
        if let Some(cancel) = &options.cancel {
            decoder = decoder.cancel(Arc::clone(cancel));
        }
        decoder = decoder.permits(permits);
        Verifier::start(move |input, output| {
            decoder.reader_from(input, models).copy_to(output)?;
            Ok(())
        })
    });
    Tee { output, verifier, permits, bytes: 0 }
}

/// How to write a member.
pub(crate) fn writer_options(
    options: &Compressor,
    part: &Part,
    label: Option<String>,
    permits: Option<Arc<Permits>>,
) -> Result<WriterOptions> {
    let mut writer = WriterOptions::new(part.coder.clone());
    if let (true, Coder::Model(coded_with), Some(model)) =
        (options.embed_model, &part.coder, &options.request.model)
        && coded_with.identity().model_file() == Some(model.digest())
    {
        let file = model.network().map(|network| network.file());
        let no_file = || Error::invalid_argument("a model without a file cannot be embedded");
        writer.embed_model = Some(file.ok_or_else(no_file)?);
    }
    writer.label = label;
    writer.block_bytes = part.block_bytes;
    writer.zstd_level = options.request.level.zstd_level(&part.coder, writer.zstd_level);
    writer.lanes = options.lanes;
    writer.threads = options.threads;
    writer.cancel = options.cancel.clone();
    writer.permits = permits;
    Ok(writer)
}
