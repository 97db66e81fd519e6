//! The search for the model of one compressed file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vortex_coder::Model;
use vortex_coder::container::ModelLoader;

use super::{Models, PATH_VARIABLE, TrainedModel, model_files, read_model};
use crate::error::{Error, ErrorKind, Result};

/// Digits of a digest that messages show.
const SHOWN: usize = 16;

/// The loader of a reader.
pub(super) struct Search {
    pub(super) models: Arc<Models>,
    /// The folder of the compressed file.
    pub(super) beside: Option<PathBuf>,
}

impl ModelLoader for Search {
    fn by_digest(&self, digest: [u8; 32]) -> vortex_coder::Result<Arc<dyn Model>> {
        Ok(find(&self.models, digest, self.beside.as_deref())?.predictor())
    }

    fn from_bytes(&self, bytes: &[u8]) -> vortex_coder::Result<Arc<dyn Model>> {
        Ok(embedded(&self.models, bytes)?.predictor())
    }
}

/// The model of these bytes.
pub(super) fn embedded(models: &Models, bytes: &[u8]) -> Result<TrainedModel> {
    let model = at_hand(models, *blake3::hash(bytes).as_bytes());
    let model = model.map_or_else(|| models.load(bytes), Ok);
    model.map_err(|e| e.context("embedded model"))
}

/// The model with a digest: the given one, one found before, one in the folder `beside`, or one on
/// the path.
pub(super) fn find(
    models: &Models,
    digest: [u8; 32],
    beside: Option<&Path>,
) -> Result<TrainedModel> {
    if let Some(model) = at_hand(models, digest) {
        return Ok(model);
    }
    let variable = std::env::var_os(PATH_VARIABLE).unwrap_or_default();
    let places = beside.map(Path::to_owned).into_iter().chain(std::env::split_paths(&variable));
    for path in model_files(places) {
        if let Ok(bytes) = read_model(&path)
            && *blake3::hash(&bytes).as_bytes() == digest
        {
            return models.load(&bytes).map_err(|e| e.context(path.display()));
        }
    }
    Err(missing(models, digest))
}

fn at_hand(models: &Models, digest: [u8; 32]) -> Option<TrainedModel> {
    let given = models.given().filter(|given| given.is(digest));
    given.cloned().or_else(|| models.loaded(digest))
}

fn missing(models: &Models, digest: [u8; 32]) -> Error {
    let shown = |digest| blake3::Hash::from_bytes(digest).to_hex()[..SHOWN].to_owned();
    let given = models.given().map_or_else(String::new, |given| {
        let path = given.path().map_or("the given model".into(), |path| path.display().to_string());
        format!(" and {path} is {}", shown(given.digest()))
    });
    let message = format!(
        "needs the model with BLAKE3 {}...{given}; put it beside the file, or name its folder in \
         {PATH_VARIABLE}",
        shown(digest)
    );
    Error::new(ErrorKind::MissingModel, message)
}
