//! Weights of networks: safetensors files, or values of one type, to `.vxw` and back. vortex-zipnn
//! does the work; this module decodes the output again and compares it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use vortex_zipnn::Base;

use crate::error::{Error, Result};
use crate::verify::{Tee, Verifier};

pub use vortex_zipnn::container::constants::MAGIC;
pub use vortex_zipnn::{
    Contents, DType, Filter, Layout, Level, Listing, MAX_CHUNK_BYTES, MIN_CHUNK_BYTES, Options,
    Summary, TensorEntry, list, tensors,
};

/// Compresses all of `input`, as differences from the checkpoint `base` if given; `verify` as for
/// [`Compressor::verify`](crate::Compressor::verify).
///
/// # Errors
/// [`crate::ErrorKind::NotSafetensors`] unless it is a safetensors file or other contents are
/// stated, [`crate::ErrorKind::VerifyFailed`], and those of reading and writing.
pub fn compress(
    input: impl Read,
    output: impl Write,
    contents: Contents,
    base: Option<&Path>,
    options: &Options,
    verify: bool,
) -> Result<Summary> {
    let verifier = verify.then(|| {
        let (base, threads): (Option<PathBuf>, _) = (base.map(Path::to_owned), options.threads);
        Verifier::start(move |input, output| {
            decompress(input, output, base.as_deref(), threads).map(drop)
        })
    });
    let mut base = open_base(base)?;
    let mut tee = Tee { output, verifier, permits: None, bytes: 0 };
    let mut original = Hashing { input, digest: blake3::Hasher::new() };
    let summary =
        vortex_zipnn::compress(&mut original, &mut tee, contents, base.as_mut(), options)?;
    tee.finish(original.digest.finalize())?;
    Ok(summary)
}

/// Decompresses all of `input`, with the checkpoint `base` of its differences.
///
/// # Errors
/// [`crate::ErrorKind::MissingBase`] and [`crate::ErrorKind::WrongBase`]; a kind for each possible
/// fault of a file, and the errors of reading and writing.
pub fn decompress(
    input: impl Read,
    output: impl Write,
    base: Option<&Path>,
    threads: usize,
) -> Result<Summary> {
    let mut base = open_base(base)?;
    Ok(vortex_zipnn::decompress(input, output, base.as_mut(), threads)?)
}

/// Reads a base checkpoint once, for its digest.
fn open_base(path: Option<&Path>) -> Result<Option<Base<'static>>> {
    let Some(path) = path else { return Ok(None) };
    let file = File::open(path).map_err(|e| Error::from(e).context("cannot be opened"));
    let base = file.and_then(|file| Ok(Base::open(file)?));
    base.map(Some).map_err(|error| error.context(path.display()))
}

/// A reader that hashes the bytes that it reads.
struct Hashing<R> {
    input: R,
    digest: blake3::Hasher,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(buffer)?;
        self.digest.update(&buffer[..n]);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn there_and_back_with_and_without_a_base() {
        let folder = tempfile::tempdir().unwrap();
        let values: Vec<u8> = (0..20_000u32).flat_map(|i| (1.0 / i as f32).to_le_bytes()).collect();
        let base = folder.path().join("base");
        std::fs::write(&base, &values).unwrap();
        let contents = Contents::Raw(DType::parse("f32").unwrap());
        for base in [None, Some(base.as_path())] {
            let (mut packed, mut back) = (Vec::new(), Vec::new());
            let options = Options::default();
            let summary =
                compress(&values[..], &mut packed, contents, base, &options, true).unwrap();
            assert_eq!(summary.file_bytes, packed.len() as u64);
            decompress(&packed[..], &mut back, base, 0).unwrap();
            assert!(back == values && packed.len() < values.len());
            let refused = decompress(&packed[..], io::sink(), None, 1).map_err(|e| e.kind());
            // Without differences the base is not needed.
            assert!(refused.is_ok() || refused.unwrap_err() == ErrorKind::MissingBase);
        }
        let none = compress(
            &values[..],
            io::sink(),
            Contents::Safetensors,
            None,
            &Options::default(),
            true,
        );
        assert_eq!(none.unwrap_err().kind(), ErrorKind::NotSafetensors);
        let missing = folder.path().join("missing");
        let error = decompress(&[][..], io::sink(), Some(&missing), 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io(io::ErrorKind::NotFound));
    }
}
