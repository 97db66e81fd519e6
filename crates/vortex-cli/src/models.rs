//! Model files: the one given with `-m`, and the search for the one a compressed file needs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use vortex_coder::container::ModelLoader;
use vortex_coder::{Error, ErrorKind, Model};
use vortex_infer::{IntModel, Level};

use crate::arguments;
use crate::input::read_file;
use crate::output::folder;

/// Folders and files to look for models in, as in `PATH`.
const PATH_VARIABLE: &str = "VORTEX_MODEL_PATH";
/// Extension of model files.
pub const EXTENSION: &str = "vxm";
/// Largest model file that is read.
pub const MAX_MODEL_BYTES: u64 = 1 << 30;

/// The models of one run of the program.
pub struct Models {
    level: Level,
    given: Option<Given>,
    /// Models found or embedded, so that many files need them loaded once.
    loaded: Mutex<Vec<Arc<dyn Model>>>,
}

struct Given {
    path: PathBuf,
    bytes: Arc<Vec<u8>>,
    model: Arc<dyn Model>,
}

impl Models {
    /// Loads the model file of `-m`, if there is one, for the processor level asked for.
    pub fn open(path: Option<&Path>, level: arguments::Level) -> Result<Self> {
        let level = detect(level)?;
        let given = path
            .map(|path| -> Result<Given> {
                let bytes =
                    read_file(path, MAX_MODEL_BYTES).with_context(|| path.display().to_string())?;
                let model = IntModel::from_bytes(&bytes, level)
                    .with_context(|| path.display().to_string())?;
                let (path, bytes, model) = (path.to_owned(), Arc::new(bytes), Arc::new(model));
                Ok(Given { path, bytes, model })
            })
            .transpose()?;
        Ok(Self { level, given, loaded: Mutex::default() })
    }

    /// The model of `-m`.
    pub fn given(&self) -> Option<Arc<dyn Model>> {
        self.given.as_ref().map(|given| Arc::clone(&given.model))
    }

    /// The bytes of its file.
    pub fn given_bytes(&self) -> Option<Arc<Vec<u8>>> {
        self.given.as_ref().map(|given| Arc::clone(&given.bytes))
    }

    /// A loader that looks at `-m`, beside `file` and in the folders of the environment.
    pub fn search(self: &Arc<Self>, file: Option<&Path>) -> Arc<dyn ModelLoader> {
        let beside = file.map(|f| folder(f).to_owned());
        Arc::new(Search { models: Arc::clone(self), beside })
    }

    fn loaded(&self, digest: [u8; 32]) -> Option<Arc<dyn Model>> {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.iter().find(|m| m.digest() == Some(digest)).map(Arc::clone)
    }

    fn load(&self, bytes: &[u8]) -> vortex_coder::Result<Arc<dyn Model>> {
        let model: Arc<dyn Model> = Arc::new(
            IntModel::from_bytes(bytes, self.level)
                .map_err(|e| Error::new(ErrorKind::WrongModel, e.to_string()))?,
        );
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.push(Arc::clone(&model));
        Ok(model)
    }
}

/// Finds models for one compressed file.
struct Search {
    models: Arc<Models>,
    beside: Option<PathBuf>,
}

impl ModelLoader for Search {
    fn by_digest(&self, digest: [u8; 32]) -> vortex_coder::Result<Arc<dyn Model>> {
        if let Some(given) = &self.models.given
            && given.model.digest() == Some(digest)
        {
            return Ok(Arc::clone(&given.model));
        }
        if let Some(model) = self.models.loaded(digest) {
            return Ok(model);
        }
        for path in self.candidates() {
            if let Ok(bytes) = read_file(&path, MAX_MODEL_BYTES)
                && *blake3::hash(&bytes).as_bytes() == digest
            {
                return self.models.load(&bytes).map_err(|e| e.context(path.display()));
            }
        }
        Err(Error::new(ErrorKind::WrongModel, self.missing(digest)))
    }

    fn from_bytes(&self, bytes: &[u8]) -> vortex_coder::Result<Arc<dyn Model>> {
        let digest = *blake3::hash(bytes).as_bytes();
        match self.models.loaded(digest) {
            Some(model) => Ok(model),
            None => self.models.load(bytes).map_err(|e| e.context("embedded model")),
        }
    }
}

impl Search {
    /// Every model file in reach.
    fn candidates(&self) -> Vec<PathBuf> {
        let variable = std::env::var_os(PATH_VARIABLE).unwrap_or_default();
        let places = self.beside.iter().cloned().chain(std::env::split_paths(&variable));
        let mut files = Vec::new();
        for place in places.filter(|p| !p.as_os_str().is_empty()) {
            if place.is_file() {
                files.push(place);
            } else if let Ok(entries) = std::fs::read_dir(&place) {
                let paths = entries.filter_map(|e| Some(e.ok()?.path()));
                files.extend(paths.filter(|p| p.extension().is_some_and(|e| e == EXTENSION)));
            }
        }
        files
    }

    fn missing(&self, digest: [u8; 32]) -> String {
        let needed = blake3::Hash::from_bytes(digest).to_hex();
        let given = match &self.models.given {
            Some(given) => {
                let found = given.model.digest().unwrap_or_default();
                format!(
                    " and {} is {}",
                    given.path.display(),
                    &blake3::Hash::from_bytes(found).to_hex()[..16]
                )
            }
            None => String::new(),
        };
        format!(
            "needs the model with BLAKE3 {}...{given}; give it with -m, put it beside the file, \
             or name its folder in {PATH_VARIABLE}",
            &needed[..16]
        )
    }
}

/// The processor level asked for, if this processor has it.
pub fn detect(level: arguments::Level) -> Result<Level> {
    let level = match level {
        arguments::Level::Auto => return Ok(Level::detect()),
        arguments::Level::Portable => Level::Portable,
        arguments::Level::Avx2 => Level::Avx2,
        arguments::Level::Avx512 => Level::Avx512,
        arguments::Level::Neon => Level::Neon,
    };
    if !level.is_available() {
        bail!("this processor has no {}; use --level auto", level.name());
    }
    Ok(level)
}
