//! Model files: the one given with `-m`, and the search for the one a compressed file needs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use vortex_coder::container::ModelLoader;
use vortex_coder::{Error, ErrorKind, Identity, Model};
use vortex_infer::{IntModel, Level};

use crate::arguments;
use crate::input::read_file;
use crate::output::folder;

/// Folders and files to look for models in, as in `PATH`.
const PATH_VARIABLE: &str = "VORTEX_MODEL_PATH";
/// Extension of model files.
pub const EXTENSION: &str = "vxm";
/// Largest model file that is read.
pub const MAX_MODEL_BYTES: u64 = vortex_infer::file::MAX_FILE_BYTES;
/// Models found or embedded are kept as long as their networks have no more bytes than this in all; the
/// latest one is kept in any case.
const KEPT_BYTES: u64 = 256 << 20;

/// The models of one run of the program.
pub struct Models {
    level: Level,
    given: Option<Given>,
    /// Models found or embedded, so that many files need them loaded once.
    loaded: Mutex<Kept>,
}

/// The models used last, the latest at the end, with the bytes of their networks.
#[derive(Default)]
struct Kept(Vec<(u64, Arc<dyn Model>)>);

impl Kept {
    fn get(&mut self, digest: [u8; 32]) -> Option<Arc<dyn Model>> {
        let wanted = Identity::Network(digest);
        let at = self.0.iter().position(|(_, model)| model.identity() == wanted)?;
        let found = self.0.remove(at);
        let model = Arc::clone(&found.1);
        self.0.push(found);
        Some(model)
    }

    fn insert(&mut self, bytes: u64, model: Arc<dyn Model>) {
        self.0.push((bytes, model));
        let mut sum: u64 = self.0.iter().map(|(bytes, _)| bytes).sum();
        while sum > KEPT_BYTES && self.0.len() > 1 {
            sum -= self.0.remove(0).0;
        }
    }
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

    /// One model, for tests.
    #[cfg(test)]
    pub fn of(model: Arc<dyn Model>) -> Self {
        let given = Given { path: "test".into(), bytes: Arc::default(), model };
        Self { level: Level::detect(), given: Some(given), loaded: Mutex::default() }
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
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(digest)
    }

    fn load(&self, bytes: &[u8]) -> vortex_coder::Result<Arc<dyn Model>> {
        let model = IntModel::from_bytes(bytes, self.level).map_err(Error::from)?;
        let network_bytes = model.network_bytes();
        let model: Arc<dyn Model> = Arc::new(model);
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.insert(network_bytes, Arc::clone(&model));
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
            && given.model.identity() == Identity::Network(digest)
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
    /// Every model file in reach; opening a pipe or a device might never return.
    fn candidates(&self) -> Vec<PathBuf> {
        let variable = std::env::var_os(PATH_VARIABLE).unwrap_or_default();
        let places = self.beside.iter().cloned().chain(std::env::split_paths(&variable));
        let mut files = Vec::new();
        for place in places.filter(|p| !p.as_os_str().is_empty()) {
            if place.is_file() {
                files.push(place);
            } else if let Ok(entries) = std::fs::read_dir(&place) {
                let paths = entries.filter_map(|e| Some(e.ok()?.path()));
                let models = paths.filter(|p| p.extension().is_some_and(|e| e == EXTENSION));
                files.extend(models.filter(|p| p.is_file()));
            }
        }
        files
    }

    fn missing(&self, digest: [u8; 32]) -> String {
        let needed = blake3::Hash::from_bytes(digest).to_hex();
        let given = match &self.models.given {
            Some(given) => {
                let found = given.model.identity().model_file().unwrap_or_default();
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

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_coder::{BlockCoder, RecordLayout, Schema};

    struct Named([u8; 32], RecordLayout);

    impl Model for Named {
        fn identity(&self) -> Identity {
            Identity::Network(self.0)
        }
        fn layout(&self) -> &RecordLayout {
            &self.1
        }
        fn coder(&self) -> Box<dyn BlockCoder + '_> {
            unreachable!("only kept")
        }
    }

    #[test]
    fn models_are_kept_while_there_is_room_and_the_oldest_go_first() {
        let mut kept = Kept::default();
        let insert = |kept: &mut Kept, bytes: u64, name: u8| {
            let layout = RecordLayout::new(Schema::bytes());
            kept.insert(bytes, Arc::new(Named([name; 32], layout)));
            let digest = |model: &Arc<dyn Model>| model.identity().model_file().unwrap();
            kept.0.iter().map(|(_, model)| digest(model)[0]).collect::<Vec<_>>()
        };
        assert_eq!(insert(&mut kept, KEPT_BYTES / 4, 1), [1]);
        assert_eq!(insert(&mut kept, KEPT_BYTES / 4, 2), [1, 2]);
        assert_eq!(insert(&mut kept, KEPT_BYTES / 4, 3), [1, 2, 3]);
        // Use makes a model young again.
        assert!(kept.get([1; 32]).is_some() && kept.get([9; 32]).is_none());
        assert_eq!(insert(&mut kept, KEPT_BYTES / 2, 4), [3, 1, 4]);
        assert_eq!(insert(&mut kept, KEPT_BYTES * 2, 5), [5]);
    }
}
