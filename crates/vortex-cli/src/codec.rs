//! Streams through the container: the one place that knows its writer and reader.

use std::io::{Read, Write};
use std::sync::Arc;

use anyhow::{Context, Result};
use vortex_coder::Model;
use vortex_coder::container::{
    Coder, Limits, ModelLoader, Reader, ReaderOptions, Summary, Writer, WriterOptions,
};

use crate::models::MAX_MODEL_BYTES;

/// Bytes moved at a time.
const PIECE: usize = 256 << 10;

/// How to compress.
pub struct Encoding {
    /// What predicts.
    pub model: Arc<dyn Model>,
    /// The model's file, where it goes into the output.
    pub embedded: Option<Arc<Vec<u8>>>,
    /// Bytes coded on their own.
    pub block_bytes: usize,
    /// Threads that code blocks.
    pub threads: usize,
}

impl Encoding {
    fn options(&self) -> WriterOptions {
        let mut options = WriterOptions::new(Coder::Model(Arc::clone(&self.model)));
        options.embed_model = self.embedded.as_ref().map(|bytes| bytes[..].into());
        options.block_bytes = u32::try_from(self.block_bytes).unwrap_or(u32::MAX);
        options.threads = self.threads;
        options
    }
}

/// Compresses all of `input`.
pub fn encode(input: &mut dyn Read, output: impl Write, encoding: &Encoding) -> Result<Summary> {
    encode_labelled(input, output, encoding, None)
}

/// Compresses all of `input` into a member with a name.
pub fn encode_labelled(
    input: &mut dyn Read,
    output: impl Write,
    encoding: &Encoding,
    label: Option<String>,
) -> Result<Summary> {
    let mut writer = Writer::new(output, WriterOptions { label, ..encoding.options() })?;
    let mut piece = vec![0; PIECE];
    loop {
        let n = crate::input::fill(input, &mut piece).context("cannot be read")?;
        if n == 0 {
            break;
        }
        writer.write_all(&piece[..n])?;
    }
    let (_, summary) = writer.finish()?;
    Ok(summary)
}

/// Decompresses all of `input`, which may be several files in a row.
pub fn decode(
    input: &mut dyn Read,
    output: &mut dyn Write,
    models: Arc<dyn ModelLoader>,
    threads: usize,
) -> Result<Summary> {
    Ok(reader(input, models, threads).copy_to(output)?)
}

/// A reader of compressed bytes.
pub fn reader<R: Read>(input: R, models: Arc<dyn ModelLoader>, threads: usize) -> Reader<R> {
    Reader::new(input, reader_options(models, threads))
}

/// Options of every reader here.
pub fn reader_options(models: Arc<dyn ModelLoader>, threads: usize) -> ReaderOptions {
    let limits = Limits {
        max_model_bytes: u32::try_from(MAX_MODEL_BYTES).unwrap_or(u32::MAX),
        ..Limits::default()
    };
    ReaderOptions { models, limits, threads, ..ReaderOptions::default() }
}
