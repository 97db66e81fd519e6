//! A model file, opened.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vortex_coder::{Identity, Model, Schema};
use vortex_infer::{Cpu, Execution, Instructions, IntModel};

use super::read_model;
use crate::error::{Error, Result};

/// A trained model that is checked, has passed its self-test and is ready to code. Clones share it.
#[derive(Clone)]
pub struct TrainedModel {
    model: Arc<dyn Model>,
    /// The network, if the model comes from a model file.
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
        Self::open_on(path.as_ref(), &Cpu { instructions: Instructions::detect() })
    }

    /// As [`TrainedModel::open`], on an execution: a [`Cpu`] with other instructions, or a GPU.
    ///
    /// # Errors
    /// As there, and [`crate::ErrorKind::Device`] if the model cannot run there.
    pub fn open_on(path: &Path, execution: &dyn Execution) -> Result<Self> {
        let opened = read_model(path).and_then(|bytes| Self::from_bytes_on(&bytes, execution));
        let model = opened.map_err(|error| error.context(path.display()))?;
        Ok(Self { path: Some(path.to_owned()), ..model })
    }

    /// Takes the bytes of a `.vxm` file.
    ///
    /// # Errors
    /// As [`TrainedModel::open`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::from_bytes_on(bytes, &Cpu { instructions: Instructions::detect() })
    }

    /// As [`TrainedModel::from_bytes`], on an execution.
    ///
    /// # Errors
    /// As [`TrainedModel::open_on`].
    pub fn from_bytes_on(bytes: &[u8], execution: &dyn Execution) -> Result<Self> {
        Ok(Arc::new(IntModel::load(bytes, execution)?).into())
    }

    /// Your own model, which is not in a file. The decompressor must get the same model.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] for a model that files do not refer to by a digest.
    pub fn of(model: Arc<dyn Model>) -> Result<Self> {
        let identity = model.identity();
        if identity.model_file().is_none() {
            let message = format!("{identity} needs no model: it is built in");
            return Err(Error::invalid_argument(message));
        }
        Ok(Self { model, network: None, path: None })
    }

    /// BLAKE3 of the model file, by which compressed files refer to it.
    pub fn digest(&self) -> [u8; 32] {
        self.model.identity().model_file().expect("checked in the constructor")
    }

    /// Whether this model has the given digest.
    pub fn is(&self, digest: [u8; 32]) -> bool {
        self.model.identity() == Identity::Network(digest)
    }

    /// The records that it was trained on.
    pub fn schema(&self) -> &Schema {
        self.model.layout().schema()
    }

    /// The predictor.
    pub fn predictor(&self) -> Arc<dyn Model> {
        Arc::clone(&self.model)
    }

    /// The network, if the model comes from a `.vxm` file.
    pub fn network(&self) -> Option<&Arc<IntModel>> {
        self.network.as_ref()
    }

    /// The bytes of the model file, if the model comes from one.
    pub fn bytes(&self) -> Option<&[u8]> {
        self.network.as_ref().map(|network| network.bytes())
    }

    /// The path of the file, if it was opened by name.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Approximate number of bytes of the network in memory.
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
