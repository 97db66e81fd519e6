//! The members of a compressed file, without decoding them.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use vortex_codec::coder::container::{IndexedReader, MemberInfo};
use vortex_codec::{Decompressor, Error};

use crate::task;

/// Start, end, label, original length and original digest of each member, after a check of all
/// stored bytes.
type Member<'py> = (u64, u64, Option<String>, u64, Bound<'py, PyBytes>);

/// The members of a file, in order.
#[pyfunction]
pub fn members(py: Python<'_>, path: PathBuf) -> PyResult<Vec<Member<'_>>> {
    let found = task::run(py, &[], move |_, cancel| {
        let at = |error: Error| error.context(path.display());
        let file = File::open(&path).map_err(|error| at(error.into()))?;
        let options = Decompressor::new().cancel(cancel).reader_options();
        let reader = IndexedReader::open(BufReader::new(file), options).and_then(|mut reader| {
            reader.check_stored()?;
            Ok(reader)
        });
        let reader = reader.map_err(|error| at(error.into()))?;
        Ok(reader.members().cloned().collect::<Vec<_>>())
    })?;
    let member = |info: MemberInfo| {
        let stop = info.file_offset + info.member_bytes;
        let digest = PyBytes::new(py, &info.original_digest);
        (info.file_offset, stop, info.label, info.original_bytes, digest)
    };
    Ok(found.into_iter().map(member).collect())
}
