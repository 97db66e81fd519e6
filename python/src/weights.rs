//! Weights of networks.

use std::io::Cursor;
use std::path::PathBuf;

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::json;
use vortex_codec::weights::{Contents, Options, compress, decompress, list};

use crate::bytes::all_of;
use crate::task;

/// Compresses a safetensors file.
#[pyfunction]
pub fn compress_weights<'py>(
    py: Python<'py>,
    data: PyReadonlyArray1<'py, u8>,
    base: Option<PathBuf>,
    threads: usize,
) -> PyResult<Bound<'py, PyBytes>> {
    let file = task::written(py, &data, move |input, _, file| {
        let options = Options { threads, ..Options::default() };
        compress(input, file, Contents::Safetensors, base.as_deref(), &options, true)?;
        Ok(())
    });
    Ok(PyBytes::new(py, &file?))
}

/// The safetensors file again.
#[pyfunction]
pub fn decompress_weights<'py>(
    py: Python<'py>,
    data: PyReadonlyArray1<'py, u8>,
    base: Option<PathBuf>,
    threads: usize,
) -> PyResult<Bound<'py, PyBytes>> {
    let bytes = task::written(py, &data, move |input, _, bytes| {
        decompress(input, bytes, base.as_deref(), threads)?;
        Ok(())
    });
    Ok(PyBytes::new(py, &bytes?))
}

/// Sizes of a compressed file of weights, as JSON.
#[pyfunction]
pub fn list_weights(py: Python<'_>, data: PyReadonlyArray1<'_, u8>) -> PyResult<String> {
    task::run(py, data.as_slice()?, move |input, _| {
        let listing = list(Cursor::new(all_of(input)?))?;
        let found = json!({
            "kind": "weights",
            "original_bytes": listing.original_bytes,
            "compressed_bytes": listing.file_bytes,
            "chunks": listing.chunks.len(),
        });
        Ok(found.to_string())
    })
}
