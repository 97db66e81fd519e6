//! How a reader comes by the model that a file names or holds.

use std::sync::Arc;

use super::constants::DIGEST_BYTES;
use crate::error::{Error, ErrorKind, Result};
use crate::predictor::Model;

/// Finds and opens models. The reader checks that what it is given has the digest it asked for.
pub trait ModelLoader: Send + Sync {
    /// The model file with this BLAKE3 digest.
    ///
    /// # Errors
    /// [`ErrorKind::WrongModel`] where there is none; [`wrong_model`] makes the message.
    fn by_digest(&self, digest: [u8; DIGEST_BYTES]) -> Result<Arc<dyn Model>>;

    /// Opens a model file that was embedded. Its digest has been checked, nothing else.
    ///
    /// # Errors
    /// Whatever is wrong with it.
    #[allow(clippy::wrong_self_convention)] // what it makes is a model, not a loader
    fn from_bytes(&self, bytes: &[u8]) -> Result<Arc<dyn Model>>;
}

/// The loader of those who have no models: files coded with the built-in predictor, zstd and raw
/// blocks can be read.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoModels;

impl ModelLoader for NoModels {
    fn by_digest(&self, digest: [u8; DIGEST_BYTES]) -> Result<Arc<dyn Model>> {
        Err(wrong_model(&digest, None))
    }

    fn from_bytes(&self, _bytes: &[u8]) -> Result<Arc<dyn Model>> {
        Err(Error::new(
            ErrorKind::WrongModel,
            "the file holds its model, but this program was built without models",
        ))
    }
}

/// The loader of those who hold one model, opened already.
pub struct OneModel(pub Arc<dyn Model>);

impl ModelLoader for OneModel {
    fn by_digest(&self, digest: [u8; DIGEST_BYTES]) -> Result<Arc<dyn Model>> {
        if self.0.digest() == Some(digest) {
            Ok(Arc::clone(&self.0))
        } else {
            Err(wrong_model(&digest, self.0.digest().as_ref()))
        }
    }

    fn from_bytes(&self, bytes: &[u8]) -> Result<Arc<dyn Model>> {
        self.by_digest(*blake3::hash(bytes).as_bytes())
    }
}

/// The [`ErrorKind::WrongModel`] error that names the model needed and the one at hand.
pub fn wrong_model(needed: &[u8; DIGEST_BYTES], offered: Option<&[u8; DIGEST_BYTES]>) -> Error {
    let offered = match offered {
        Some(digest) => format!("the one given has {}", hex(digest)),
        None => "none was given".to_owned(),
    };
    Error::new(
        ErrorKind::WrongModel,
        format!("needs the model with BLAKE3 {}; {offered}", hex(needed)),
    )
}

/// Lower-case hexadecimal digits, as `b3sum` prints them.
pub(super) fn hex(digest: &[u8; DIGEST_BYTES]) -> String {
    blake3::Hash::from_bytes(*digest).to_hex().to_string()
}
