//! Decoding while encoding: a second thread decodes the compressed bytes while they are written,
//! and its output must have the digest of the input.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use vortex_coder::container::Permits;

use crate::error::{Error, ErrorKind, Result};

/// Number of pieces of compressed bytes that wait for the decoder; if there are more, the encoder
/// waits.
const PIECES: usize = 2;

/// A running check. Give it the compressed bytes through [`Tee`].
pub(crate) struct Verifier {
    sender: Option<SyncSender<Vec<u8>>>,
    decoder: JoinHandle<Result<blake3::Hash>>,
}

impl Verifier {
    /// `decode` writes the original bytes of the compressed stream that it gets.
    pub(crate) fn start(
        decode: impl FnOnce(&mut dyn Read, &mut dyn Write) -> Result<()> + Send + 'static,
    ) -> Self {
        let (sender, receiver) = sync_channel(PIECES);
        let decoder = std::thread::spawn(move || {
            let mut digest = blake3::Hasher::new();
            decode(&mut Pieces { receiver, piece: Vec::new(), at: 0 }, &mut digest)?;
            Ok(digest.finalize())
        });
        Self { sender: Some(sender), decoder }
    }

    /// Passes compressed bytes to the decoder. If the decoder has stopped, [`Verifier::finish`]
    /// reports it.
    fn send(&self, bytes: &[u8]) {
        if let Some(sender) = &self.sender {
            let _ = sender.send(bytes.to_vec());
        }
    }

    /// Waits for the decoder and compares.
    fn finish(mut self, original: blake3::Hash) -> Result<()> {
        self.sender = None;
        let advice = "do not use the output; please report this, with the file";
        let failed =
            |what: &str| Err(Error::new(ErrorKind::VerifyFailed, format!("{what}; {advice}")));
        match self.decoder.join() {
            Err(_) => failed("the verifying decoder stopped"),
            Ok(Err(error)) if error.kind() == ErrorKind::Cancelled => Err(error),
            Ok(Err(error)) => failed(&format!("did not decode again: {error}")),
            Ok(Ok(decoded)) if decoded != original => failed("decoded to other bytes"),
            Ok(Ok(_)) => Ok(()),
        }
    }
}

/// A writer whose bytes also go to a [`Verifier`].
pub(crate) struct Tee<W> {
    /// The real output.
    pub(crate) output: W,
    /// The check, if there is one.
    pub(crate) verifier: Option<Verifier>,
    /// What the check shares with the writers of the output.
    pub(crate) permits: Option<Arc<Permits>>,
    /// Bytes written so far.
    pub(crate) bytes: u64,
}

impl<W: Write> Tee<W> {
    /// Ends the output: flushes, and waits for the comparison with the digest of the original.
    pub(crate) fn finish(&mut self, original: blake3::Hash) -> Result<()> {
        self.flush().map_err(|error| Error::from(error).context("cannot be written"))?;
        self.verifier.take().map_or(Ok(()), |verifier| verifier.finish(original))
    }
}

impl<W: Write> Write for Tee<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.output.write(bytes)?;
        self.bytes += n as u64;
        if let Some(verifier) = &self.verifier {
            verifier.send(&bytes[..n]);
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// The bytes of the encoder, as a reader.
struct Pieces {
    receiver: Receiver<Vec<u8>>,
    piece: Vec<u8>,
    at: usize,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() {
            match self.receiver.recv() {
                Ok(piece) => (self.piece, self.at) = (piece, 0),
                Err(_) => return Ok(0),
            }
        }
        let n = buffer.len().min(self.piece.len() - self.at);
        buffer[..n].copy_from_slice(&self.piece[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(decode: fn(&mut dyn Read, &mut dyn Write) -> Result<()>) -> Result<()> {
        let verifier = Some(Verifier::start(decode));
        let mut tee = Tee { output: Vec::new(), verifier, permits: None, bytes: 0 };
        let mut original = blake3::Hasher::new();
        for i in 0..100u8 {
            tee.write_all(&[i; 1000])?;
            original.update(&[i; 1000]);
        }
        assert_eq!((tee.output.len(), tee.bytes), (100_000, 100_000));
        tee.finish(original.finalize())
    }

    #[test]
    fn equal_bytes_pass_and_others_do_not() {
        run(|input, out| Ok(io::copy(input, out).map(drop)?)).unwrap();
        let shorter = run(|input, out| Ok(io::copy(&mut input.take(99_999), out).map(drop)?));
        assert!(shorter.unwrap_err().to_string().contains("other bytes"));
        let failed = run(|_, _| Err(Error::new(ErrorKind::Corrupt, "damaged")));
        assert!(failed.unwrap_err().to_string().contains("damaged"));
        let panicked = run(|_, _| panic!("as a test"));
        assert_eq!(panicked.unwrap_err().kind(), ErrorKind::VerifyFailed);
    }
}
