//! Compressed files as tables.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use numpy::PyArray1;
use pyo3::prelude::*;
use serde_json::{Value, json};
use vortex_codec::Result;
use vortex_codec::archive::Archive as Opened;
use vortex_codec::coder::container::MemberInfo;
use vortex_codec::inspection::{BlockCounts, Compressed, FieldRow};

use crate::file_object::{Place, ReadSeek};
use crate::model::{Model, decompressor};
use crate::schema::Schema;
use crate::task;

/// Datasets as (name, schema, rows, rows of a block, label).
type Datasets = Vec<(String, Schema, u64, u64, Option<String>)>;

/// A compressed file, open for random access. Threads may share it; they read one after the other.
#[pyclass(frozen, module = "vortex_codec._core")]
pub struct Archive {
    opened: Arc<Mutex<Opened<Box<dyn ReadSeek>>>>,
    cancel: Arc<AtomicBool>,
}

#[pymethods]
impl Archive {
    /// Opens a path, or an object with `read` and `seek`.
    #[staticmethod]
    fn open(py: Python<'_>, place: Place, model: Option<Model>, threads: usize) -> PyResult<Self> {
        let cancel = Arc::new(AtomicBool::new(false));
        let path = place.path();
        let decompressor = decompressor(model, path.clone(), threads).cancel(Arc::clone(&cancel));
        let opened = task::run(py, &[], move |_, _| {
            let opened = Opened::from_reader(place.open()?, &decompressor);
            opened.map_err(|error| match path {
                Some(path) => error.context(path.display()),
                None => error,
            })
        })?;
        Ok(Self { opened: Arc::new(Mutex::new(opened)), cancel })
    }

    fn datasets(&self, py: Python<'_>) -> PyResult<Datasets> {
        self.with(py, |opened| {
            let datasets = opened.datasets().map(|d| {
                let (schema, label) = (Schema(d.schema.clone()), d.label.map(str::to_owned));
                (d.name.to_owned(), schema, d.rows, d.piece_rows(d.schema.stride()), label)
            });
            Ok(datasets.collect())
        })
    }

    /// The bytes of rows `start` to `stop` of a dataset.
    fn rows<'py>(
        &self,
        py: Python<'py>,
        dataset: String,
        start: u64,
        stop: u64,
    ) -> PyResult<Bound<'py, PyArray1<u8>>> {
        let rows = self.with(py, move |opened| opened.rows_of(&dataset, start..stop))?;
        Ok(PyArray1::from_vec(py, rows.bytes))
    }

    /// The bytes of one field of these rows.
    fn field<'py>(
        &self,
        py: Python<'py>,
        dataset: String,
        field: String,
        start: u64,
        stop: u64,
    ) -> PyResult<Bound<'py, PyArray1<u8>>> {
        let column = self.with(py, move |opened| opened.field_of(&dataset, &field, start..stop))?;
        Ok(PyArray1::from_vec(py, column.bytes))
    }

    /// Sizes, members, and the cost of the fields of the largest member, as JSON.
    fn describe(&self, py: Python<'_>, threads: usize) -> PyResult<String> {
        self.with(py, move |opened| Ok(describe(opened, threads)?.to_string()))
    }
}

impl Archive {
    /// Runs `work` while no other thread reads.
    fn with<T: Send + 'static>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Opened<Box<dyn ReadSeek>>) -> Result<T> + Send + 'static,
    ) -> PyResult<T> {
        let opened = Arc::clone(&self.opened);
        let cancel = Arc::clone(&self.cancel);
        task::run_until(py, &[], Some(task::GRACE), cancel, move |_, cancel| {
            let mut opened = opened.lock().unwrap_or_else(PoisonError::into_inner);
            // A signal during the work of another call is not for this one.
            cancel.store(false, Ordering::SeqCst);
            work(&mut opened)
        })
    }
}

fn describe(opened: &mut Opened<Box<dyn ReadSeek>>, threads: usize) -> Result<Value> {
    let facts = Compressed::of(opened.reader(), threads)?;
    let member = |(member, blocks): (&MemberInfo, &BlockCounts)| {
        let model = member.predictor.and_then(|identity| identity.model_file());
        json!({
            "label": member.label,
            "original_bytes": member.original_bytes,
            "compressed_bytes": member.member_bytes,
            "block_bytes": member.block_bytes,
            "modelled_blocks": blocks.modelled,
            "zstd_blocks": blocks.zstd,
            "raw_blocks": blocks.raw,
            "model": model.map(|digest| blake3::Hash::from_bytes(digest).to_hex().to_string()),
            "model_bytes": member.model_bytes,
        })
    };
    let members: Vec<Value> = facts.members.iter().zip(&facts.counts).map(member).collect();
    let mut fields = Vec::new();
    if let Some((_, costs)) = facts.costs {
        let costs = costs?;
        for (number, FieldRow { name, dtype, offset, .. }) in costs.fields.iter().enumerate() {
            // None where no predictor gives bits to single fields.
            let bits = costs.bits.as_ref().map(|bits| bits[number].iter().sum::<f64>());
            fields.push(json!({"name": name, "dtype": dtype, "offset": offset, "bits": bits}));
        }
    }
    Ok(json!({
        "kind": "compressed",
        "original_bytes": facts.original_bytes,
        "compressed_bytes": facts.file_bytes,
        "members": members,
        "fields": fields,
    }))
}
