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
    let file = task::run(py, data.as_slice()?, move |input, _| {
        let options = Options { threads, ..Options::default() };
        let mut file = Vec::new();
        compress(input, &mut file, Contents::Safetensors, base.as_deref(), &options, true)?;
        Ok(file)
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
    let file = task::run(py, data.as_slice()?, move |input, _| {
        let mut bytes = Vec::new();
        decompress(input, &mut bytes, base.as_deref(), threads)?;
        Ok(bytes)
    });
    Ok(PyBytes::new(py, &file?))
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
