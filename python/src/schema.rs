//! Schemas of records.

use std::path::PathBuf;

use pyo3::prelude::*;
use vortex_codec::data::read_schema;
use vortex_codec::plan::Subject;
use vortex_codec::sources::formats::npy::array_schema;
use vortex_codec::{Level, Plan, Request};

use crate::errors::{of_kind, to_python};
use crate::task;

/// The schema of records.
#[pyclass(frozen, from_py_object, module = "vortex_codec._core")]
#[derive(Clone)]
pub struct Schema(pub vortex_codec::Schema);

#[pymethods]
impl Schema {
    /// The schema of arrays of a dtype, which is described as in `.npy` files.
    #[staticmethod]
    fn of_array(py: Python<'_>, descr: &str, shape: Vec<u64>) -> PyResult<Self> {
        array_schema(descr, &shape).map(Self).map_err(|what| {
            of_kind(py, "InvalidArgument", &format!("an array of dtype {descr}: {what}"))
        })
    }

    /// Reads a `.schema.yaml` or `.json` file.
    #[staticmethod]
    fn read(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        read_schema(&path).map(Self).map_err(|error| to_python(py, &error.into()))
    }

    /// The records of a file: as a schema file beside it describes them, or as its bytes show.
    #[staticmethod]
    fn of_file(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        task::run(py, &[], move |_, _| {
            let request = Request { level: Level::FASTEST, one_part: true, ..Request::default() };
            let plan = Plan::of(Subject::File(&path), &request)?;
            Ok(Self(plan.schema().clone()))
        })
    }

    /// Bytes of a record.
    #[getter]
    fn stride(&self) -> usize {
        self.0.stride()
    }

    /// The fields as (name, numpy's name of the type, offset).
    #[getter]
    fn fields(&self) -> Vec<(String, String, u32)> {
        let fields = self.0.fields().iter();
        fields.map(|f| (f.name.clone(), f.dtype.numpy(f.big_endian), f.offset)).collect()
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
