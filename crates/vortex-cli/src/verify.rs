//! Decoding while encoding: the compressed bytes are read back by a second thread as they are
//! written, and what comes out must have the digest of what went in.

use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use anyhow::{Context, Result, anyhow, ensure};

/// Pieces of compressed bytes on their way to the decoder; more make the encoder wait.
const PIECES: usize = 8;

/// A running check. Give it the compressed bytes through [`Tee`].
pub struct Verifier {
    sender: Option<SyncSender<Vec<u8>>>,
    decoder: JoinHandle<Result<blake3::Hash>>,
}

impl Verifier {
    /// `decode` writes the original bytes of the compressed stream it is given.
    pub fn start(
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

    /// Passes compressed bytes on. A decoder that gave up is found out by [`Verifier::finish`].
    fn send(&self, bytes: &[u8]) {
        if let Some(sender) = &self.sender {
            let _ = sender.send(bytes.to_vec());
        }
    }

    /// Waits for the decoder and compares.
    pub fn finish(mut self, original: blake3::Hash) -> Result<()> {
        self.sender = None;
        let advice = "the output is not to be trusted; please report this, with the file";
        match self.decoder.join() {
            Err(_) => Err(anyhow!("the verifying decoder stopped; {advice}")),
            Ok(Err(error)) => Err(error.context(format!("did not decode again; {advice}"))),
            Ok(Ok(decoded)) => {
                ensure!(decoded == original, "decoded to other bytes; {advice}");
                Ok(())
            }
        }
    }
}

/// A writer whose bytes also go to a [`Verifier`].
pub struct Tee<W> {
    /// The real output.
    pub output: W,
    /// The check, if there is one.
    pub verifier: Option<Verifier>,
    /// Bytes written so far.
    pub bytes: u64,
}

impl<W: Write> Tee<W> {
    /// Everything is written: flushes, and waits for the check against the digest of the original.
    pub fn finish(&mut self, original: blake3::Hash) -> Result<()> {
        self.flush().context("cannot be written")?;
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

/// A reader that hashes what passes.
pub struct Hashing<R> {
    /// Where the bytes come from.
    pub input: R,
    /// Of everything read so far.
    pub digest: blake3::Hasher,
    /// Bytes read so far.
    pub bytes: u64,
}

impl<R> Hashing<R> {
    /// Starts with nothing read.
    pub fn new(input: R) -> Self {
        Self { input, digest: blake3::Hasher::new(), bytes: 0 }
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(buffer)?;
        self.digest.update(&buffer[..n]);
        self.bytes += n as u64;
        Ok(n)
    }
}

/// What the encoder sent, as a reader.
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
        let mut tee = Tee { output: Vec::new(), verifier, bytes: 0 };
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
        let failed = run(|_, _| Err(anyhow!("damaged")));
        assert!(format!("{:#}", failed.unwrap_err()).contains("damaged"));
        let panicked = run(|_, _| panic!("as a test"));
        assert!(panicked.is_err());
    }
}
