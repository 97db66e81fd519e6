//! Trained models.

use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::json;
use vortex_codec::coder::Model as _;
use vortex_codec::data::discover::describe;
use vortex_codec::{Decompressor, TrainedModel};

use crate::errors::of_kind;
use crate::schema::Schema;
use crate::task;

/// A trained model, checked and ready.
#[pyclass(frozen, from_py_object, module = "vortex_codec._core")]
#[derive(Clone)]
pub struct Model(pub TrainedModel);

#[pymethods]
impl Model {
    /// Opens a `.vxm` file.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        task::run(py, &[], move |_, _| TrainedModel::open(path)).map(Self)
    }

    /// Takes the bytes of a `.vxm` file.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: Vec<u8>) -> PyResult<Self> {
        task::run(py, &[], move |_, _| TrainedModel::from_bytes(&bytes)).map(Self)
    }

    #[getter]
    fn digest(&self) -> String {
        blake3::Hash::from_bytes(self.0.digest()).to_hex().to_string()
    }

    #[getter]
    fn path(&self) -> Option<PathBuf> {
        self.0.path().map(Path::to_owned)
    }

    #[getter]
    fn schema(&self) -> Schema {
        Schema(self.0.schema().clone())
    }

    /// The bytes of its file.
    #[getter]
    fn bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let none = || of_kind(py, "UnusableModel", "this model does not come from a file");
        self.0.bytes().map(|bytes| PyBytes::new(py, bytes)).ok_or_else(none)
    }

    /// What it is, as JSON.
    fn describe(&self) -> String {
        let schema = self.0.schema();
        let fields = schema.fields().iter().enumerate().map(|(index, field)| {
            let dtype = field.dtype.numpy(field.big_endian);
            let known = describe(schema, index);
            json!({"name": field.name, "dtype": dtype, "offset": field.offset, "known": known})
        });
        let mut found = json!({
            "kind": "model",
            "blake3": self.digest(),
            "bytes": self.0.bytes().map(<[u8]>::len),
            "stride": schema.stride(),
            "fields": fields.collect::<Vec<_>>(),
        });
        if let Some(model) = self.0.network() {
            let network = model.network();
            found["parameters"] = network.parameters().into();
            found["layers"] = network.layers.len().into();
            found["width"] = network.d_model.into();
            found["heads"] = network.n_heads.into();
            found["window"] = network.window.into();
            found["symbols"] = model.layout().roles().len().into();
        }
        found.to_string()
    }
}

/// A decompressor that has the model, if there is one, and the models beside a file.
pub fn decompressor(model: Option<Model>, beside: Option<PathBuf>, threads: usize) -> Decompressor {
    let mut decompressor = Decompressor::new().threads(threads);
    if let Some(Model(model)) = model {
        decompressor = decompressor.model(model);
    }
    match beside {
        Some(path) => decompressor.beside(path),
        None => decompressor,
    }
}
