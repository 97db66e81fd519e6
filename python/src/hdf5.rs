//! The HDF5 filter without HDF5: its values, and single chunks for the threads of Python.

use std::sync::Arc;

use h5vortex::{FILTER_ID, Parameters, models};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use vortex_codec::{Level, Models, Result};

use crate::errors::to_python;
use crate::model::Model;
use crate::schema::Schema;

/// The number of the filter in files.
#[pyfunction]
pub fn hdf5_filter_id() -> i32 {
    FILTER_ID
}

/// The values of the filter. With a sample of the data, decimals and laws are searched in it.
#[pyfunction]
pub fn hdf5_values(
    py: Python<'_>,
    schema: Option<Schema>,
    model: Option<Model>,
    level: u8,
    verify: bool,
    sample: Option<PyReadonlyArray1<'_, u8>>,
) -> PyResult<Vec<u32>> {
    let sample = sample.as_ref().map(|sample| sample.as_slice()).transpose()?;
    without_lock(py, || {
        let parameters = Parameters {
            level: Level::new(level)?,
            verify,
            model: model.map(|Model(model)| model.digest()),
            schema: schema.map(|Schema(schema)| schema),
            ..Parameters::default()
        };
        let parameters = match sample {
            Some(sample) => h5vortex::search(parameters, sample)?,
            None => parameters,
        };
        Ok(parameters.to_values())
    })
}

/// The values of the filter in a list of properties of h5py, whose lock the caller holds; none if the process
/// has another copy of HDF5. (h5py itself gives the first 16.)
#[pyfunction]
#[allow(unsafe_code)]
pub fn hdf5_values_of(properties: i64) -> Option<Vec<u32>> {
    // SAFETY: HDF5 checks the identifier. It is called only if there is one copy in the process, which is then that of
    // h5py, and the lock of h5py keeps other threads out of it.
    unsafe { h5vortex::values_of(properties) }
}

/// Compresses a chunk as the filter does.
#[pyfunction]
pub fn hdf5_encode<'py>(
    py: Python<'py>,
    data: PyReadonlyArray1<'py, u8>,
    values: Vec<u32>,
) -> PyResult<Bound<'py, PyBytes>> {
    let data = data.as_slice()?;
    let encode = || h5vortex::encode(&Parameters::from_values(&values)?, data, models());
    Ok(PyBytes::new(py, &without_lock(py, encode)?))
}

/// The bytes of a chunk, as the filter gives them.
#[pyfunction]
pub fn hdf5_decode<'py>(
    py: Python<'py>,
    data: PyReadonlyArray1<'py, u8>,
    chunk_bytes: u32,
    model: Option<Model>,
) -> PyResult<Bound<'py, PyArray1<u8>>> {
    let data = data.as_slice()?;
    let bytes = without_lock(py, || match model {
        Some(Model(model)) => {
            h5vortex::decode(data, Some(chunk_bytes), &Arc::new(Models::new().with(model)))
        }
        None => h5vortex::decode(data, Some(chunk_bytes), models()),
    })?;
    Ok(PyArray1::from_vec(py, bytes))
}

/// Does work without the lock of the interpreter. It is not interrupted: a chunk is short.
fn without_lock<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T> + Send) -> PyResult<T> {
    py.detach(work).map_err(|error| to_python(py, &error))
}
