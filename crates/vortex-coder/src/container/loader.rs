//! How a reader gets the predictor that a file names or holds.

use std::sync::Arc;

use super::constants::DIGEST_BYTES;
use crate::adaptive::AdaptiveModel;
use crate::columns::{self, ColumnsModel};
use crate::error::{Error, ErrorKind, Result};
use crate::identity::Identity;
use crate::mixing::{Level, MixedModel, MixingModel};
use crate::model::Model;
use crate::schema::Schema;

/// The predictor that a member needs.
pub(super) struct Wanted<'a> {
    pub(super) identity: Identity,
    /// Parameters of a built-in predictor.
    pub(super) parameters: &'a [u8],
    pub(super) schema: &'a Schema,
    /// The model file, if the member holds it.
    pub(super) embedded: Option<&'a [u8]>,
}

/// The only place where an identity becomes a predictor: predictors of this crate are created here,
/// all others come from the loader.
pub(super) fn find(wanted: &Wanted<'_>, loader: &dyn ModelLoader) -> Result<Arc<dyn Model>> {
    let &Wanted { identity, parameters, schema, embedded } = wanted;
    let model: Arc<dyn Model> = match (identity, embedded) {
        (Identity::Adaptive, _) => {
            without_parameters(identity, parameters)?;
            Arc::new(AdaptiveModel::new(schema.clone()))
        }
        (Identity::Mixing, _) => {
            without_parameters(identity, parameters)?;
            Arc::new(MixingModel::new(schema.clone(), Level::DEFAULT))
        }
        (Identity::MixingArray, _) => {
            without_parameters(identity, parameters)?;
            Arc::new(MixingModel::of_array(schema.clone(), Level::DEFAULT))
        }
        (Identity::Columns, _) => {
            without_parameters(identity, parameters)?;
            Arc::new(ColumnsModel::new(schema.clone(), columns::Level::HIGHEST))
        }
        (Identity::Network(digest), _) => network(digest, embedded, loader)?,
        (Identity::NetworkMixed(digest), _) => {
            let network = network(digest, embedded, loader)?;
            if network.identity() != Identity::Network(digest) {
                return Err(wrong_model(identity, Some(network.identity())));
            }
            Arc::new(MixedModel::new(network, Level::DEFAULT)?)
        }
    };
    if model.identity() != identity {
        return Err(wrong_model(identity, Some(model.identity())));
    }
    Ok(model)
}

/// A model from a file.
fn network(
    digest: [u8; DIGEST_BYTES],
    embedded: Option<&[u8]>,
    loader: &dyn ModelLoader,
) -> Result<Arc<dyn Model>> {
    match embedded {
        Some(bytes) => loader.from_bytes(bytes),
        None => loader.by_digest(digest),
    }
}

/// Built-in predictors depend only on the schema.
fn without_parameters(identity: Identity, parameters: &[u8]) -> Result<()> {
    if parameters.is_empty() {
        return Ok(());
    }
    let n = parameters.len();
    Err(Error::corrupt(format!("{n} bytes of parameters for {identity}, which has none")))
}

/// Finds and opens model files. The reader checks that it gets the requested model.
pub trait ModelLoader: Send + Sync {
    /// The model file with this BLAKE3 digest.
    ///
    /// # Errors
    /// [`ErrorKind::WrongModel`] if it is not found; [`wrong_model`] makes the message.
    fn by_digest(&self, digest: [u8; DIGEST_BYTES]) -> Result<Arc<dyn Model>>;

    /// Opens a model file that was embedded. Only its digest has been checked.
    ///
    /// # Errors
    /// Any fault of the model file.
    #[allow(clippy::wrong_self_convention)] // it makes a model, not a loader
    fn from_bytes(&self, bytes: &[u8]) -> Result<Arc<dyn Model>>;
}

/// A loader without models: files coded with a built-in predictor, zstd and raw blocks can be read.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoModels;

impl ModelLoader for NoModels {
    fn by_digest(&self, digest: [u8; DIGEST_BYTES]) -> Result<Arc<dyn Model>> {
        Err(wrong_model(Identity::Network(digest), None))
    }

    fn from_bytes(&self, _bytes: &[u8]) -> Result<Arc<dyn Model>> {
        Err(Error::new(
            ErrorKind::WrongModel,
            "the file holds its model, but this program was built without models",
        ))
    }
}

/// A loader with one model that is already open.
pub struct OneModel(pub Arc<dyn Model>);

impl ModelLoader for OneModel {
    fn by_digest(&self, digest: [u8; DIGEST_BYTES]) -> Result<Arc<dyn Model>> {
        let needed = Identity::Network(digest);
        if self.0.identity() == needed {
            Ok(Arc::clone(&self.0))
        } else {
            Err(wrong_model(needed, Some(self.0.identity())))
        }
    }

    fn from_bytes(&self, bytes: &[u8]) -> Result<Arc<dyn Model>> {
        self.by_digest(*blake3::hash(bytes).as_bytes())
    }
}

/// The [`ErrorKind::WrongModel`] error, which names the needed predictor and the given one.
pub fn wrong_model(needed: Identity, offered: Option<Identity>) -> Error {
    let offered = match offered {
        Some(Identity::Network(digest)) => format!("the given model has {}", hex(&digest)),
        Some(built_in) => format!("{built_in} was given"),
        None => "none was given".to_owned(),
    };
    Error::new(ErrorKind::WrongModel, format!("needs {needed}; {offered}"))
}

/// Lower-case hexadecimal digits, as `b3sum` prints them.
pub(super) fn hex(digest: &[u8; DIGEST_BYTES]) -> String {
    blake3::Hash::from_bytes(*digest).to_hex().to_string()
}
