//! Whole buffers and whole files, compressed and back.

use std::io::Read;
use std::path::PathBuf;

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use vortex_codec::archive::DatasetOptions;
use vortex_codec::output::{OutputFile, Scratch, folder};
use vortex_codec::{Error, Result};

use crate::model::{Model, decompressor};
use crate::options::Options;
use crate::task;

/// Compresses bytes into one member with this label.
#[pyfunction]
pub fn compress<'py>(
    py: Python<'py>,
    data: PyReadonlyArray1<'py, u8>,
    options: Options,
    label: Option<String>,
) -> PyResult<Bound<'py, PyBytes>> {
    let file = task::written(py, &data, move |input, cancel, file| {
        let mut compressor = options.compressor(cancel)?;
        if let Some(label) = label {
            compressor = compressor.label(label);
        }
        compressor.compress(input, file)?;
        Ok(())
    });
    Ok(PyBytes::new(py, &file?))
}

/// The original bytes of a compressed file.
#[pyfunction]
pub fn decompress<'py>(
    py: Python<'py>,
    data: PyReadonlyArray1<'py, u8>,
    model: Option<Model>,
    threads: usize,
) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, &decoded(py, &data, model, threads)?))
}

/// As [`decompress`], as an array.
#[pyfunction]
pub fn decompress_array<'py>(
    py: Python<'py>,
    data: PyReadonlyArray1<'py, u8>,
    model: Option<Model>,
    threads: usize,
) -> PyResult<Bound<'py, PyArray1<u8>>> {
    Ok(PyArray1::from_vec(py, decoded(py, &data, model, threads)?))
}

fn decoded(
    py: Python<'_>,
    data: &PyReadonlyArray1<'_, u8>,
    model: Option<Model>,
    threads: usize,
) -> PyResult<Vec<u8>> {
    task::written(py, data, move |input, cancel, bytes| {
        decompressor(model, None, threads).cancel(cancel).decompress(input, bytes)?;
        Ok(())
    })
}

/// Compresses a file, or the datasets in it. Returns the original and the compressed bytes, and
/// what of the file is not in the output.
#[pyfunction]
pub fn compress_file(
    py: Python<'_>,
    input: PathBuf,
    output: PathBuf,
    options: Options,
    datasets: bool,
    replace: bool,
) -> PyResult<(u64, u64, Vec<String>)> {
    task::run(py, &[], move |_, cancel| {
        let mut missing = Vec::new();
        let compressor = options.compressor(cancel)?.replace(replace);
        let summary = if datasets {
            let at = |error: Error| error.context(output.display());
            let mut file = OutputFile::create(&output, replace, None).map_err(at)?;
            let scratch = Scratch::new(folder(&output))?;
            let options = DatasetOptions::default();
            let on_bytes = &mut |_| {};
            let (manifest, summary) = compressor.compress_datasets(
                &input,
                &options,
                scratch.path(),
                on_bytes,
                &mut file,
            )?;
            file.commit().map_err(at)?;
            for source in &manifest.sources {
                let parts = source.left_out.iter().chain(&source.unread);
                missing.extend(parts.map(|part| format!("{}: {}", part.name, part.reason)));
            }
            summary
        } else {
            compressor.compress_file(input, output)?
        };
        Ok((summary.original_bytes, summary.compressed_bytes, missing))
    })
}

/// Decompresses a file. Returns the original and the compressed bytes.
#[pyfunction]
pub fn decompress_file(
    py: Python<'_>,
    input: PathBuf,
    output: PathBuf,
    model: Option<Model>,
    threads: usize,
    replace: bool,
) -> PyResult<(u64, u64)> {
    task::run(py, &[], move |_, cancel| {
        let decompressor = decompressor(model, None, threads).cancel(cancel).replace(replace);
        let summary = decompressor.decompress_file(input, output)?;
        Ok((summary.original_bytes, summary.compressed_bytes))
    })
}

/// All bytes of the input of a task.
pub fn all_of(mut input: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes).map_err(Error::from)?;
    Ok(bytes)
}
