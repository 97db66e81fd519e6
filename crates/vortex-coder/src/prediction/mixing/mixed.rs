//! The mixing predictor with a network beside the contexts.

use std::sync::Arc;

use super::level::Level;
use super::model::MixingCoder;
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::layout::RecordLayout;
use crate::model::{BlockCoder, Model};

/// The mixing predictor, in which a network predicts too: its distribution of each symbol is input
/// of the mixers. Both learn or advance with each symbol, in one lane for each block.
pub struct MixedModel {
    network: Arc<dyn Model>,
    digest: [u8; 32],
    level: Level,
}

impl MixedModel {
    /// The records and the predictions of `network`, mixed with contexts. Only encoders use the
    /// level.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] if `network` is no model from a file or has no lanes
    /// ([`Model::lanes_predictor`]).
    pub fn new(network: Arc<dyn Model>, level: Level) -> Result<Self> {
        let identity = network.identity();
        let Identity::Network(digest) = identity else {
            return Err(Error::invalid_argument(format!(
                "{identity} cannot be mixed with contexts"
            )));
        };
        if network.lanes_predictor().is_none() {
            return Err(Error::invalid_argument(format!(
                "{identity} cannot be mixed with contexts, because it codes only whole blocks"
            )));
        }
        Ok(Self { network, digest, level })
    }
}

impl Model for MixedModel {
    fn identity(&self) -> Identity {
        Identity::NetworkMixed(self.digest)
    }

    fn layout(&self) -> &RecordLayout {
        self.network.layout()
    }

    fn coder(&self) -> Box<dyn BlockCoder + '_> {
        let predictor = self.network.lanes_predictor().expect("checked by the constructor");
        Box::new(MixingCoder::beside(self.layout(), self.level, predictor))
    }

    /// Always 1, because each decision depends on all earlier ones.
    fn lanes(&self, _block_bytes: usize) -> usize {
        1
    }
}
