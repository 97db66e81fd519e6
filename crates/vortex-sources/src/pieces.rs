//! Ranges of bytes of a file, passed on in pieces.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use crate::error::{Error, Result};
use crate::source::{PIECE_BYTES, Sink};

/// Opens a file to read.
pub(crate) fn open_file(path: &Path) -> Result<File> {
    File::open(path).map_err(|e| Error::io(path, e))
}

/// Opens a file to read, with its length in bytes.
pub(crate) fn open_with_length(path: &Path) -> Result<(File, u64)> {
    let file = open_file(path)?;
    let len = file.metadata().map_err(|e| Error::io(path, e))?.len();
    Ok((file, len))
}

/// Passes on `len` bytes of a file from `start` on; they are the dataset `name`.
pub(crate) fn stream_range(
    path: &Path,
    name: &str,
    start: u64,
    len: u64,
    sink: &mut Sink<'_>,
) -> Result<()> {
    let mut file = open_file(path)?;
    file.seek(SeekFrom::Start(start)).map_err(|e| Error::io(path, e))?;
    stream_exact(path, name, file, len, sink)
}

/// Passes on exactly `len` bytes, which are the dataset `name` of the file at `path`.
pub(crate) fn stream_exact(
    path: &Path,
    name: &str,
    mut from: impl Read,
    len: u64,
    sink: &mut Sink<'_>,
) -> Result<()> {
    let mut piece = vec![0; PIECE_BYTES.min(usize::try_from(len).unwrap_or(PIECE_BYTES))];
    let mut left = len;
    while left > 0 {
        let want = left.min(piece.len() as u64) as usize;
        from.read_exact(&mut piece[..want]).map_err(|e| match e.kind() {
            ErrorKind::UnexpectedEof => {
                let what =
                    format!("the file ends before the end of the {len} bytes of this dataset");
                Error::source(path, name, what)
            }
            // Decompressors report damage with these kinds.
            ErrorKind::InvalidData | ErrorKind::InvalidInput => {
                Error::source(path, name, e.to_string())
            }
            _ => Error::io(path, e),
        })?;
        left -= want as u64;
        if sink(&piece[..want])?.is_break() {
            break;
        }
    }
    Ok(())
}

/// The name of a file without its folder.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| "data".into(), |name| name.to_string_lossy().into_owned())
}
