//! Reading that tracks its position and reports an early end with a clear error.

use std::io::{BufRead, BufReader, ErrorKind as IoKind, Read};

use crate::error::{Error, Result};

const BUFFER_BYTES: usize = 64 << 10;
/// First allocation for a section. Memory grows with the bytes that the file has, not with the
/// length that it states.
const FIRST_BYTES: usize = 1 << 20;

/// A stream of bytes and the number of bytes read from it.
pub(super) struct Source<R> {
    inner: BufReader<R>,
    at: u64,
}

impl<R: Read> Source<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner: BufReader::with_capacity(BUFFER_BYTES, inner), at: 0 }
    }

    /// Bytes read so far.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Whether the source is at its end.
    pub(super) fn at_end(&mut self) -> Result<bool> {
        loop {
            match self.inner.fill_buf() {
                Ok(buffer) => return Ok(buffer.is_empty()),
                Err(error) if error.kind() == IoKind::Interrupted => {}
                Err(error) => return Err(self.failed(error, "the next member")),
            }
        }
    }

    /// Fills `out`.
    pub(super) fn read(&mut self, out: &mut [u8], what: &str) -> Result<()> {
        let mut filled = 0;
        while filled < out.len() {
            match self.inner.read(&mut out[filled..]) {
                Ok(0) => return Err(self.ended(what)),
                Ok(n) => {
                    filled += n;
                    self.at += n as u64;
                }
                Err(error) if error.kind() == IoKind::Interrupted => {}
                Err(error) => return Err(self.failed(error, what)),
            }
        }
        Ok(())
    }

    /// A fixed number of bytes.
    pub(super) fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        let mut out = [0; N];
        self.read(&mut out, what)?;
        Ok(out)
    }

    /// A fixed number of bytes, the first of which was read before.
    pub(super) fn array_after<const N: usize>(&mut self, first: u8, what: &str) -> Result<[u8; N]> {
        let mut out = [first; N];
        self.read(&mut out[1..], what)?;
        Ok(out)
    }

    /// The number of bytes that a checked header states. Allocates while it reads, and never more
    /// than that.
    pub(super) fn vec(&mut self, len: u32, what: &str) -> Result<Vec<u8>> {
        let len = len as usize;
        let mut out = Vec::new();
        while out.len() < len {
            let at = out.len();
            let more = at.max(FIRST_BYTES).min(len - at);
            out.reserve_exact(more);
            out.resize(at + more, 0);
            self.read(&mut out[at..], what)?;
        }
        Ok(out)
    }

    fn ended(&self, what: &str) -> Error {
        Error::truncated(format!(
            "the file ends at byte {}, inside {what}: it was cut short",
            self.at
        ))
    }

    fn failed(&self, error: std::io::Error, what: &str) -> Error {
        Error::from(error).context(format!("reading {what} at byte {}", self.at))
    }
}

impl<R: Read + std::io::Seek> Source<R> {
    /// Seeks to an offset from the start of the file.
    pub(super) fn seek(&mut self, at: u64) -> Result<()> {
        // Inside the buffer, this keeps the bytes that were read ahead.
        let place = std::io::SeekFrom::Start(at);
        match i64::try_from(at).ok().zip(i64::try_from(self.at).ok()).map(|(to, from)| to - from) {
            Some(0) => return Ok(()),
            Some(by) => self.inner.seek_relative(by),
            None => std::io::Seek::seek(&mut self.inner, place).map(|_| ()),
        }
        .map_err(|error| Error::from(error).context(format!("seeking to byte {at}")))?;
        self.at = at;
        Ok(())
    }

    /// Seeks to the end and returns its offset.
    pub(super) fn seek_end(&mut self) -> Result<u64> {
        self.at = std::io::Seek::seek(&mut self.inner, std::io::SeekFrom::End(0))
            .map_err(|error| Error::from(error).context("seeking to the end"))?;
        Ok(self.at)
    }
}
