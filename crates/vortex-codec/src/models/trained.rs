//! A model file, opened.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vortex_coder::{Identity, Model, Schema};
use vortex_infer::{Instructions, IntModel};

use super::read_model;
use crate::error::{Error, Result};

/// A trained model: checked, its self-test passed, ready to code with. Clones share it.
#[derive(Clone)]
pub struct TrainedModel {
    model: Arc<dyn Model>,
    /// The same, where it is a network of a model file.
    network: Option<Arc<IntModel>>,
    path: Option<PathBuf>,
}

impl TrainedModel {
    /// Opens a `.vxm` file for the best instructions of this processor.
    ///
    /// # Errors
    /// [`crate::ErrorKind::UnusableModel`], [`crate::ErrorKind::SelfTest`],
    /// [`crate::ErrorKind::UnsupportedVersion`] and those of reading; the message begins with the path.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_for(path.as_ref(), Instructions::detect())
    }

    /// As [`TrainedModel::open`], for other instructions.
    ///
    /// # Errors
    /// As there, and [`crate::ErrorKind::NoSuchInstructions`].
    pub fn open_for(path: &Path, instructions: Instructions) -> Result<Self> {
        let opened = read_model(path).and_then(|bytes| Self::from_bytes_for(&bytes, instructions));
        let model = opened.map_err(|error| error.context(path.display()))?;
        Ok(Self { path: Some(path.to_owned()), ..model })
    }

    /// Takes the bytes of a `.vxm` file.
    ///
    /// # Errors
    /// As [`TrainedModel::open`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::from_bytes_for(bytes, Instructions::detect())
    }

    /// As [`TrainedModel::from_bytes`], for other instructions.
    ///
    /// # Errors
    /// As [`TrainedModel::open_for`].
    pub fn from_bytes_for(bytes: &[u8], instructions: Instructions) -> Result<Self> {
        Ok(Arc::new(IntModel::from_bytes(bytes, instructions)?).into())
    }

    /// A model of your own that no file holds: what opens the compressed file must be given it too.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] for one that files do not name by the digest of a model.
    pub fn of(model: Arc<dyn Model>) -> Result<Self> {
        let identity = model.identity();
        if identity.model_file().is_none() {
            let message = format!("{identity} needs no model: it is built in");
            return Err(Error::invalid_argument(message));
        }
        Ok(Self { model, network: None, path: None })
    }

    /// BLAKE3 of the model file: what compressed files name it by.
    pub fn digest(&self) -> [u8; 32] {
        self.model.identity().model_file().expect("looked at when it was made")
    }

    /// Whether this is the model that a file names.
    pub fn is(&self, digest: [u8; 32]) -> bool {
        self.model.identity() == Identity::Network(digest)
    }

    /// The records that it was trained on.
    pub fn schema(&self) -> &Schema {
        self.model.layout().schema()
    }

    /// What predicts.
    pub fn predictor(&self) -> Arc<dyn Model> {
        Arc::clone(&self.model)
    }

    /// The network, where the model came from a `.vxm` file.
    pub fn network(&self) -> Option<&Arc<IntModel>> {
        self.network.as_ref()
    }

    /// The bytes of the model file, likewise.
    pub fn bytes(&self) -> Option<&[u8]> {
        self.network.as_ref().map(|network| network.bytes())
    }

    /// Where the file is, if it was opened by name.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Bytes that the network takes in memory, about.
    pub(super) fn network_bytes(&self) -> u64 {
        self.network.as_ref().map_or(0, |network| network.network_bytes())
    }
}

impl From<Arc<IntModel>> for TrainedModel {
    fn from(network: Arc<IntModel>) -> Self {
        Self { model: Arc::clone(&network) as _, network: Some(network), path: None }
    }
}

impl fmt::Debug for TrainedModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = blake3::Hash::from_bytes(self.digest()).to_hex();
        f.debug_struct("TrainedModel").field("digest", &digest).field("path", &self.path).finish()
    }
}
