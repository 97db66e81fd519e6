//! Files as bytes: text such as HEPMC, either plain, in `.gz`, or the members of a `.tar.gz`.

#[cfg(feature = "gzip")]
mod packed;
mod plain;

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use crate::error::{Error, Result};
use crate::pieces::open_file;
use crate::source::Source;
use crate::stored::{OnBytes, Stored};

/// First bytes of a gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Opens a compressed or plain file. A compressed file is read once to find its length.
///
/// # Errors
/// [`Error::Io`]; [`Error::Source`] for damaged archives, and for compressed files if the program
/// is built without gzip.
pub fn open(path: &Path) -> Result<Box<dyn Source>> {
    let mut start = Vec::new();
    open_file(path)?.take(2).read_to_end(&mut start).map_err(|e| Error::io(path, e))?;
    if start != GZIP {
        return Ok(Box::new(plain::PlainSource::open(path)?));
    }
    #[cfg(feature = "gzip")]
    return Ok(Box::new(packed::PackedSource::open(path)?));
    #[cfg(not(feature = "gzip"))]
    {
        let what = "this program is built without gzip; build it with the feature gzip, or unpack the file";
        Err(Error::source(path, "format", what))
    }
}

/// Writes the bytes of all datasets, one after the other.
pub(super) fn write(
    mut out: BufWriter<&File>,
    datasets: &mut [&mut dyn Stored],
    on_bytes: &mut OnBytes<'_>,
) -> io::Result<()> {
    for dataset in datasets {
        dataset.write(&mut out, on_bytes)?;
    }
    out.flush()
}
