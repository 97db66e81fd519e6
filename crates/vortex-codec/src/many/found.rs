//! Whether a file is the whole compressed form of another.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use vortex_base::hex;
use vortex_coder::container::IndexedReader;

use crate::archive::{Archive, MANIFEST_LABEL};
use crate::decompressor::Decompressor;
use crate::error::{Error, ErrorKind, Result};

/// Bytes that are read and hashed at once.
const PIECE_BYTES: usize = 1 << 20;

/// What the compressed form of a file has to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// The bytes of the file.
    Bytes,
    /// The values inside the file, as
    /// [`Compressor::compress_datasets`](crate::Compressor::compress_datasets) stores them, or its
    /// bytes.
    Datasets,
}

/// Lengths and BLAKE3 digests of a file and its compressed form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    /// Length of the file.
    pub input_bytes: u64,
    /// Length of the compressed form.
    pub output_bytes: u64,
    /// Digest of the file.
    pub input: [u8; 32],
    /// Digest of the compressed form.
    pub output: [u8; 32],
}

/// What is at the place of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// No file.
    Nothing,
    /// The whole compressed form of the input.
    Whole(Digests),
    /// Another file, or a damaged one: the text says in what way.
    Other(String),
}

/// Compares the digests and lengths that `output` stores with those of `input`, and the stored bytes
/// with their checksums. Nothing is decoded and no model is needed.
///
/// # Errors
/// Those of the system, for either file; the message begins with the path.
pub fn look(input: &Path, output: &Path, contents: Contents) -> Result<Found> {
    let of_input = |error: Error| error.context(input.display());
    let of_output = |error: Error| error.context(output.display());
    // A pipe could not be read twice, and opening one may wait forever.
    regular(input).map_err(of_input)?;
    match regular(output) {
        Err(error) if error.kind() == ErrorKind::Io(io::ErrorKind::NotFound) => {
            return Ok(Found::Nothing);
        }
        found => found.map_err(of_output)?,
    }
    let file = File::open(output).map_err(|error| of_output(error.into()))?;
    let stored = match Stored::read(&file, contents) {
        Err(error) if matches!(error.kind(), ErrorKind::Io(_)) => return Err(of_output(error)),
        Err(error) => return Ok(Found::Other(told(&error))),
        Ok(stored) => stored,
    };
    let read = File::open(input).map_err(Error::from).and_then(|file| stored.compare(file));
    let (input_bytes, input) = match read.map_err(of_input)? {
        Ok(found) => found,
        Err(reason) => return Ok(Found::Other(reason)),
    };
    let (output_bytes, output) = digest(file).map_err(of_output)?;
    Ok(Found::Whole(Digests { input_bytes, output_bytes, input, output }))
}

/// An error unless there is a regular file.
fn regular(path: &Path) -> Result<()> {
    let metadata = std::fs::metadata(path);
    if !metadata.map_err(|error| Error::from(error).context("cannot be opened"))?.is_file() {
        return Err(Error::new(ErrorKind::InvalidArgument, "is not a regular file"));
    }
    Ok(())
}

/// In what way a file is not one of ours.
fn told(error: &Error) -> String {
    // Its advice is for those who have no other copy.
    let what = error.message().split("; ").next().unwrap_or_default();
    match error.kind() {
        ErrorKind::NotVxc => "is not a .vxc file".into(),
        ErrorKind::Truncated | ErrorKind::ChecksumMismatch | ErrorKind::Corrupt => {
            format!("is damaged ({what})")
        }
        ErrorKind::NotFound => what.into(),
        _ => format!("cannot be compared with the input ({what})"),
    }
}

/// What a compressed file says about the input.
enum Stored {
    /// Length and digest of each member.
    Members(Vec<(u64, [u8; 32])>),
    /// Length and digest, in hexadecimal, of the file whose values are stored.
    Source(u64, String),
}

impl Stored {
    /// Reads it, and checks all bytes of the file.
    fn read(file: &File, contents: Contents) -> Result<Self> {
        let decompressor = Decompressor::new();
        let mut reader = IndexedReader::open(file, decompressor.reader_options())?;
        reader.check_stored()?;
        let first = reader.members().next().and_then(|first| first.label.as_deref());
        if first == Some(MANIFEST_LABEL) {
            let other = |what: String| Err(Error::new(ErrorKind::NotFound, what));
            if contents == Contents::Bytes {
                return other("holds the values of a file, not its bytes".into());
            }
            let archive = Archive::from_reader(file, &decompressor)?;
            let sources = archive.manifest().map_or(&[][..], |manifest| &manifest.sources);
            let [source] = sources else {
                return other(format!("holds the values of {} files", sources.len()));
            };
            return Ok(Self::Source(source.bytes, source.blake3.clone()));
        }
        let members = reader.members().map(|info| (info.original_bytes, info.original_digest));
        Ok(Self::Members(members.collect()))
    }

    /// Length and digest of the input if they are the stored ones, or else the difference.
    fn compare(&self, input: File) -> Result<std::result::Result<(u64, [u8; 32]), String>> {
        let stored = match self {
            Self::Members(members) => members.iter().map(|(bytes, _)| *bytes).sum(),
            Self::Source(bytes, _) => *bytes,
        };
        let bytes = input.metadata()?.len();
        if bytes != stored {
            return Ok(Err(format!("holds {stored} bytes, while the input has {bytes}")));
        }
        let (found, digest, same) = match self {
            Self::Source(_, stored) => {
                let (found, digest) = digest(input)?;
                (found, digest, hex::encode(&digest) == *stored)
            }
            Self::Members(members) => digest_of_members(input, members)?,
        };
        // The length is that of the bytes that were read, because a file may grow meanwhile.
        Ok(if same && found == stored {
            Ok((found, digest))
        } else {
            Err("holds other bytes than the input".into())
        })
    }
}

/// Length and digest of a file, from its start.
fn digest(mut file: File) -> Result<(u64, [u8; 32])> {
    file.rewind()?;
    let mut hasher = blake3::Hasher::new();
    let bytes = each_piece(&mut file, |piece| {
        hasher.update(piece);
    })?;
    Ok((bytes, hasher.finalize().into()))
}

/// Length and digest of a file, and whether its parts have the digests of the members.
fn digest_of_members(mut file: File, members: &[(u64, [u8; 32])]) -> Result<(u64, [u8; 32], bool)> {
    // For a single member, one digest is both.
    if let [(_, stored)] = members {
        let (bytes, digest) = digest(file)?;
        return Ok((bytes, digest, digest == *stored));
    }
    let (mut whole, mut found, mut same) = (blake3::Hasher::new(), 0, true);
    for (bytes, stored) in members {
        let mut own = blake3::Hasher::new();
        found += each_piece(&mut (&mut file).take(*bytes), |piece| {
            own.update(piece);
            whole.update(piece);
        })?;
        same &= own.finalize() == *stored;
    }
    found += each_piece(&mut file, |piece| {
        whole.update(piece);
    })?;
    Ok((found, whole.finalize().into(), same))
}

/// Reads to the end and returns the number of bytes.
fn each_piece(input: &mut impl Read, mut work: impl FnMut(&[u8])) -> Result<u64> {
    let mut piece = vec![0; PIECE_BYTES];
    let mut bytes = 0;
    loop {
        match input.read(&mut piece) {
            Ok(0) => return Ok(bytes),
            Ok(n) => {
                work(&piece[..n]);
                bytes += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::from(error).context("cannot be read")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Compressor;

    fn found(input: &[u8], output: &[u8]) -> Found {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a"), folder.path().join("a.vxc"));
        std::fs::write(&from, input).unwrap();
        std::fs::write(&to, output).unwrap();
        look(&from, &to, Contents::Bytes).unwrap()
    }

    fn compressed(bytes: &[u8]) -> Vec<u8> {
        let mut file = Vec::new();
        Compressor::new().compress(bytes, &mut file).unwrap();
        file
    }

    #[test]
    fn a_whole_output_of_one_member_or_several() {
        let (a, b) = (b"one two three ".repeat(300), b"four".repeat(500));
        let both = [&a[..], &b].concat();
        for (input, output) in [
            (&a, compressed(&a)),
            (&Vec::new(), compressed(b"")),
            (&both, [compressed(&a), compressed(&b)].concat()),
        ] {
            let digests = Digests {
                input_bytes: input.len() as u64,
                output_bytes: output.len() as u64,
                input: blake3::hash(input).into(),
                output: blake3::hash(&output).into(),
            };
            assert_eq!(found(input, &output), Found::Whole(digests));
        }
        let Found::Other(reason) = found(&both, &[compressed(&b), compressed(&a)].concat()) else {
            panic!("another order")
        };
        assert_eq!(reason, "holds other bytes than the input");
    }

    #[test]
    fn every_other_file_is_told() {
        let input = b"one two three ".repeat(300);
        let whole = compressed(&input);
        for byte in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[byte] ^= 4;
            assert!(matches!(found(&input, &damaged), Found::Other(_)), "byte {byte}");
        }
        for cut in 0..whole.len() {
            assert!(matches!(found(&input, &whole[..cut]), Found::Other(_)), "cut at {cut}");
        }
        assert_eq!(
            found(&input[1..], &whole),
            Found::Other("holds 4200 bytes, while the input has 4199".into())
        );
        assert_eq!(found(&input, b"text"), Found::Other("is not a .vxc file".into()));
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a.vxc"), compressed(b"a")).unwrap();
        let look = |input: &str, output: &str| look(&at(input), &at(output), Contents::Bytes);
        std::fs::write(at("a"), b"a").unwrap();
        assert_eq!(look("a", "b.vxc").unwrap(), Found::Nothing);
        std::fs::remove_file(at("a")).unwrap();
        for output in ["a.vxc", "b.vxc"] {
            let error = look("a", output).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Io(io::ErrorKind::NotFound));
            assert!(error.to_string().starts_with(&at("a").display().to_string()), "{error}");
        }
        std::fs::create_dir(at("d")).unwrap();
        std::fs::write(at("a"), b"a").unwrap();
        for (input, output) in [("a", "d"), ("d", "a.vxc"), ("d", "b.vxc")] {
            assert_eq!(look(input, output).unwrap_err().kind(), ErrorKind::InvalidArgument);
        }
    }
}
