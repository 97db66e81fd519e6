//! Training of models.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use vortex_codec::data::{RecordFile, RecordSet, read_schema};
use vortex_codec::train::{Devices, TrainConfig, TrainEvent, TrainObserver, train_with};
use vortex_codec::training::{holds_run, same_records};
use vortex_codec::{Error, ErrorKind, Result};

use crate::schema::Schema;
use crate::task;

/// What to train on, a dictionary with all of these keys: files, or arrays of one schema.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Data<'py> {
    files: Vec<PathBuf>,
    arrays: Vec<PyReadonlyArray1<'py, u8>>,
    schema: Option<Schema>,
    schema_file: Option<PathBuf>,
}

/// How to train, a dictionary with all of these keys.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Run {
    out: PathBuf,
    config_file: Option<PathBuf>,
    /// YAML or JSON.
    config_text: Option<String>,
    seconds: Option<f64>,
    threads: usize,
    device: String,
    resume: bool,
    replace: bool,
}

/// Trains and returns the summary as JSON. `callback` gets each event as JSON.
#[pyfunction]
pub fn train(
    py: Python<'_>,
    data: Data<'_>,
    run: Run,
    callback: Option<Py<PyAny>>,
) -> PyResult<String> {
    let arrays: PyResult<Vec<Vec<u8>>> =
        data.arrays.iter().map(|array| Ok(array.as_slice()?.to_vec())).collect();
    let arrays = arrays?;
    let Data { files, schema, schema_file, .. } = data;
    let cancel = Arc::new(AtomicBool::new(false));
    let failed = Arc::new(Mutex::new(None));
    let mut observer =
        Observer { callback, cancel: Arc::clone(&cancel), failed: Arc::clone(&failed) };
    let trained = task::run_until(py, &[], None, cancel, move |_, cancel| {
        let records = match schema {
            Some(Schema(schema)) => of_arrays(schema, arrays)?,
            None => of_files(&files, schema_file.as_deref())?,
        };
        let config = run.config()?;
        run.check_folder()?;
        let devices: Devices = run.device.parse().map_err(device)?;
        let (out, resume) = (&run.out, run.resume);
        let summary = train_with(&devices, &config, &records, out, &mut observer, &cancel, resume)?;
        serde_json::to_string(&summary)
            .map_err(|error| Error::new(ErrorKind::Other, error.to_string()))
    });
    let raised = failed.lock().unwrap_or_else(PoisonError::into_inner).take();
    raised.map_or(trained, Err)
}

fn device(message: impl ToString) -> Error {
    Error::new(ErrorKind::Device, message.to_string())
}

fn of_files(files: &[PathBuf], schema: Option<&Path>) -> Result<RecordSet> {
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let schema = match schema {
        Some(path) => read_schema(path)?,
        None => same_records(&files, None)?,
    };
    Ok(RecordSet::open(schema, &files)?)
}

fn of_arrays(schema: vortex_codec::Schema, arrays: Vec<Vec<u8>>) -> Result<RecordSet> {
    let arrays = arrays.into_iter().enumerate().map(|(number, bytes)| {
        RecordFile::from_bytes(format!("array {number}"), bytes, schema.clone())
    });
    Ok(RecordSet::new(schema.clone(), arrays.collect())?)
}

impl Run {
    fn config(&self) -> Result<TrainConfig> {
        let mut config = match (&self.config_file, &self.config_text) {
            (Some(path), _) => TrainConfig::read(path)?,
            (None, Some(text)) => TrainConfig::from_yaml(text, "config")?,
            (None, None) => TrainConfig::default(),
        };
        if let Some(seconds) = self.seconds {
            config.budget.max_seconds = Some(seconds);
        }
        if self.threads > 0 {
            config.threads = self.threads;
        }
        config.validate()?;
        Ok(config)
    }

    /// A run is not overwritten by accident.
    fn check_folder(&self) -> Result<()> {
        if holds_run(&self.out) && !self.resume && !self.replace {
            let message = format!(
                "{} holds a run already; choose another folder, or pass resume=True or replace=True",
                self.out.display()
            );
            return Err(Error::new(ErrorKind::FolderExists, message));
        }
        Ok(())
    }
}

/// Passes events to the callback. If it raises an exception, the training ends.
struct Observer {
    callback: Option<Py<PyAny>>,
    cancel: Arc<AtomicBool>,
    failed: Arc<Mutex<Option<PyErr>>>,
}

impl TrainObserver for Observer {
    fn event(&mut self, event: &TrainEvent) {
        let Some(callback) = &self.callback else { return };
        // Numbers that JSON cannot hold, such as a loss that is not finite, become null.
        let Ok(text) = serde_json::to_string(event) else { return };
        let called = Python::try_attach(|py| callback.call1(py, (text,)).map(drop));
        if let Some(Err(raised)) = called {
            self.cancel.store(true, Ordering::SeqCst);
            let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            failed.get_or_insert(raised);
        }
    }
}
