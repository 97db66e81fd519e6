//! Model files: the available models, and the search for the model that a compressed file needs.
//!
//! A file refers to its model by the BLAKE3 of the model file. [`Models`] searches, in this order,
//! the given model, the models that it found before, the `.vxm` files beside the compressed file,
//! and the files and folders of the environment variable `VORTEX_MODEL_PATH`. An embedded model
//! needs no search.

mod kept;
mod search;
mod trained;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use vortex_coder::container::ModelLoader;
use vortex_infer::{Cpu, Execution, Instructions};

use crate::error::{Error, ErrorKind, Result};
use crate::output::folder;
use kept::Kept;
use search::Search;

pub use trained::TrainedModel;

/// Environment variable with files and folders that are searched for models, separated as in
/// `PATH`.
pub const PATH_VARIABLE: &str = "VORTEX_MODEL_PATH";
/// Extension of model files.
pub const EXTENSION: &str = "vxm";
/// Largest model file that is read.
pub const MAX_MODEL_BYTES: u64 = vortex_infer::file::MAX_FILE_BYTES;

/// A set of models. One set serves any number of files, and each model is loaded once.
pub struct Models {
    execution: Arc<dyn Execution>,
    given: Option<TrainedModel>,
    /// Models found or embedded.
    loaded: Mutex<Kept>,
}

impl fmt::Debug for Models {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let execution = self.execution.name();
        f.debug_struct("Models").field("execution", &execution).field("given", &self.given).finish()
    }
}

impl Default for Models {
    fn default() -> Self {
        Self::new()
    }
}

impl Models {
    /// A set without a given model, for the best instructions of this processor.
    pub fn new() -> Self {
        Self::on(Arc::new(Cpu { instructions: Instructions::detect() }))
    }

    /// A set whose models run on an execution: a [`Cpu`], or a GPU of the crate vortex-gpu. It does
    /// not change the files.
    pub fn on(execution: Arc<dyn Execution>) -> Self {
        Self { execution, given: None, loaded: Mutex::default() }
    }

    /// Adds a model that is already open; it is searched first.
    #[must_use]
    pub fn with(mut self, model: TrainedModel) -> Self {
        self.given = Some(model);
        self
    }

    /// The same set without the given model and without loaded models.
    pub(crate) fn without_given(&self) -> Self {
        Self::on(Arc::clone(&self.execution))
    }

    /// Opens a model file and adds it as [`Models::with`] does.
    ///
    /// # Errors
    /// As [`TrainedModel::open_on`].
    pub fn with_file(self, path: &Path) -> Result<Self> {
        let model = TrainedModel::open_on(path, &*self.execution)?;
        Ok(self.with(model))
    }

    /// The model that was given.
    pub fn given(&self) -> Option<&TrainedModel> {
        self.given.as_ref()
    }

    /// The loader from which a reader gets models; `file` is the compressed file, beside which
    /// models are searched.
    pub fn loader(self: &Arc<Self>, file: Option<&Path>) -> Arc<dyn ModelLoader> {
        let beside = file.map(|file| folder(file).to_owned());
        Arc::new(Search { models: Arc::clone(self), beside })
    }

    /// The model of this digest; `file` as for [`Models::loader`].
    ///
    /// # Errors
    /// [`ErrorKind::MissingModel`], and those of a model file that was found.
    pub fn find(&self, digest: [u8; 32], file: Option<&Path>) -> Result<TrainedModel> {
        search::find(self, digest, file.map(folder))
    }

    /// The model whose bytes a file embeds.
    ///
    /// # Errors
    /// As [`TrainedModel::from_bytes`].
    pub fn embedded(&self, bytes: &[u8]) -> Result<TrainedModel> {
        search::embedded(self, bytes)
    }

    fn loaded(&self, digest: [u8; 32]) -> Option<TrainedModel> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(digest)
    }

    fn load(&self, bytes: &[u8]) -> Result<TrainedModel> {
        let model = TrainedModel::from_bytes_on(bytes, &*self.execution)?;
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.insert(model.network_bytes(), model.clone());
        Ok(model)
    }
}

/// The bytes of a model file.
fn read_model(path: &Path) -> Result<Vec<u8>> {
    let file = File::open(path).map_err(|e| Error::from(e).context("cannot be opened"))?;
    let mut bytes = Vec::new();
    let read = file.take(MAX_MODEL_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|e: io::Error| Error::from(e).context("cannot be read"))?;
    if bytes.len() as u64 > MAX_MODEL_BYTES {
        let message = format!("is larger than {MAX_MODEL_BYTES} bytes, the limit of model files");
        return Err(Error::new(ErrorKind::LimitExceeded, message));
    }
    Ok(bytes)
}

/// All model files in these places, which are files and folders.
fn model_files(places: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for place in places.filter(|p| !p.as_os_str().is_empty()) {
        if place.is_file() {
            files.push(place);
        } else if let Ok(entries) = std::fs::read_dir(&place) {
            let paths = entries.filter_map(|e| Some(e.ok()?.path()));
            let models = paths.filter(|p| p.extension().is_some_and(|e| e == EXTENSION));
            // Opening a pipe or a device could block forever.
            files.extend(models.filter(|p| p.is_file()));
        }
    }
    files
}
