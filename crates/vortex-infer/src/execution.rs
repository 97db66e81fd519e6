//! Where a network is computed: the contract between a model and whatever runs it.
//!
//! A model file, its bounds and its definition know nothing of what runs it. An execution is given the
//! checked network and gives back a program, which must compute the frequencies of
//! [`crate::definition`] to the bit: the self-test of the model is run on it before it is used.
//! [`crate::Cpu`] is the one of this crate.

use std::sync::Arc;

use vortex_coder::layout::RecordLayout;
use vortex_coder::predictor::Predictor;
use vortex_coder::{BlockCoder, LaneCoder};

use crate::bounds;
use crate::error::Result;
use crate::spec::Network;

/// Something that networks run on.
pub trait Execution: Send + Sync {
    /// What people call it.
    fn name(&self) -> String;

    /// The network laid out for it.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`] where it cannot run here.
    fn prepare(&self, network: &Checked) -> Result<Box<dyn Program>>;
}

/// A network on an execution: shared by threads, never changed.
pub trait Program: Send + Sync {
    /// A fresh predictor for one thread. Its bytes a lane are [`Network::lane_bytes`], which are of the
    /// format, whatever it really takes.
    fn predictor(&self) -> Box<dyn Predictor + '_>;

    /// A coder of blocks for one thread: the loop of vortex-coder, unless the execution has a
    /// better way to the same bytes.
    fn coder<'a>(&'a self, layout: &'a RecordLayout) -> Box<dyn BlockCoder + 'a> {
        Box::new(LaneCoder::new(layout, self.predictor()))
    }

    /// Blocks that should advance together to keep it busy.
    fn group(&self) -> usize {
        1
    }
}

/// A network whose shapes and bounds were checked, with the layout of its records.
#[derive(Clone, Debug)]
pub struct Checked {
    network: Arc<Network>,
    layout: Arc<RecordLayout>,
}

impl Checked {
    /// Checks a network.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] or [`crate::Error::Overflow`].
    pub fn new(network: Network) -> Result<Self> {
        let layout = RecordLayout::new(network.schema.clone());
        bounds::check(&network, &layout)?;
        Ok(Self { network: Arc::new(network), layout: Arc::new(layout) })
    }

    /// The network.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// The layout of its records.
    pub fn layout(&self) -> &Arc<RecordLayout> {
        &self.layout
    }
}
