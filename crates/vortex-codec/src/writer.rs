//! Compression of bytes that the caller writes piece by piece.

use std::io::{self, Write};

use vortex_coder::container::{self, Progress, Summary};

use crate::compressor::Compressor;
use crate::encoder::{tee, writer_options};
use crate::error::{Error, Result};
use crate::plan::{SAMPLE_BYTES, Subject};
use crate::verify::Tee;

/// An [`io::Write`] whose bytes come out compressed: [`Compressor::writer`] makes it. It holds the
/// first bytes until it has seen enough of them to find records. [`Writer::finish`] ends the file;
/// without it, the file is not complete, and readers report this.
pub struct Writer<W: Write> {
    options: Compressor,
    state: State<W>,
    /// Digest of all original bytes.
    digest: blake3::Hasher,
}

enum State<W: Write> {
    /// The bytes so far, which decide how all are coded.
    Looking {
        output: W,
        sample: Vec<u8>,
        wanted: usize,
    },
    Coding(Box<container::Writer<Tee<W>>>),
    /// After an error, or while the state changes.
    Failed,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(options: Compressor, output: W) -> Self {
        let wanted = if options.request.needs_sample() { SAMPLE_BYTES } else { 0 };
        let state = State::Looking { output, sample: Vec::new(), wanted };
        Self { options, state, digest: blake3::Hasher::new() }
    }

    /// Ends the file, flushes the output and returns it.
    ///
    /// # Errors
    /// As [`Compressor::compress`].
    pub fn finish(mut self) -> Result<(W, Summary)> {
        self.start()?;
        let State::Coding(writer) = std::mem::replace(&mut self.state, State::Failed) else {
            return Err(failed_before());
        };
        let (mut tee, summary) = writer.finish()?;
        tee.finish(self.digest.finalize())?;
        Ok((tee.output, summary))
    }

    fn take(&mut self, mut bytes: &[u8]) -> Result<()> {
        if let State::Looking { sample, wanted, .. } = &mut self.state {
            let (now, later) = bytes.split_at(bytes.len().min(*wanted - sample.len()));
            sample.extend_from_slice(now);
            if sample.len() < *wanted {
                return Ok(());
            }
            bytes = later;
            self.start()?;
        }
        let State::Coding(writer) = &mut self.state else { return Err(failed_before()) };
        self.digest.update(bytes);
        let written = writer.write_all(bytes);
        written.map_err(|error| {
            self.state = State::Failed;
            error.into()
        })
    }

    /// Decides how to code, and writes the bytes so far.
    fn start(&mut self) -> Result<()> {
        if !matches!(self.state, State::Looking { .. }) {
            return Ok(());
        }
        let looking = std::mem::replace(&mut self.state, State::Failed);
        let State::Looking { output, sample, .. } = looking else { return Ok(()) };
        // Bytes without a name are always one part.
        let plan = self.options.plan(Subject::Bytes(&sample))?;
        let tee = tee(&self.options, output);
        let label = self.options.label.clone();
        let options = writer_options(&self.options, plan.first(), label, tee.permits.clone())?;
        let mut writer = container::Writer::new(tee, options)?;
        if let Some(hook) = &self.options.on_block {
            writer.on_block(hook.after(Progress::default()));
        }
        self.digest.update(&sample);
        writer.write_all(&sample)?;
        self.state = State::Coding(Box::new(writer));
        Ok(())
    }
}

fn failed_before() -> Error {
    Error::invalid_argument("this writer failed before; start a new file")
}

impl<W: Write> Write for Writer<W> {
    /// Accepts all bytes. After an error, which may come from an earlier block, the file cannot be
    /// finished. [`Error::from`] restores the error of this crate.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take(bytes).map_err(vortex_coder::Error::from)?;
        Ok(bytes.len())
    }

    /// Flushes the output, but does not wait for blocks in flight.
    fn flush(&mut self) -> io::Result<()> {
        match &mut self.state {
            State::Looking { output, .. } => output.flush(),
            State::Coding(writer) => writer.flush(),
            State::Failed => Ok(()),
        }
    }
}
