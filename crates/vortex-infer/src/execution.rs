//! The interface between a model and the device that runs it.
//!
//! A model file, its bounds and its definition do not depend on the execution. An execution gets
//! the checked network and returns a program, which must compute the frequencies of
//! [`crate::definition`] to the bit: the self-test of the model runs on it before it is used.
//! [`crate::Cpu`] is the execution of this crate.

use std::sync::Arc;

use vortex_coder::layout::RecordLayout;
use vortex_coder::predictor::Predictor;
use vortex_coder::{BlockCoder, LaneCoder};

use crate::bounds;
use crate::error::Result;
use crate::spec::Network;

/// A device that networks can run on.
pub trait Execution: Send + Sync {
    /// Its name in messages.
    fn name(&self) -> String;

    /// Whether it is the CPU, which answers symbol by symbol as fast as in blocks.
    fn is_cpu(&self) -> bool {
        false
    }

    /// The network in the form that it needs.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`] if it cannot run here.
    fn prepare(&self, network: &Checked) -> Result<Box<dyn Program>>;
}

/// A network on an execution: shared by threads, never changed.
pub trait Program: Send + Sync {
    /// A fresh predictor for one thread. Its bytes per lane are [`Network::lane_bytes`], which the
    /// format defines; the real memory may differ.
    fn predictor(&self) -> Box<dyn Predictor + '_>;

    /// A predictor for those who ask it symbol by symbol in one lane, as contexts beside a network do:
    /// a device with a slow answer may give one of the CPU.
    fn stepwise(&self) -> Box<dyn Predictor + '_> {
        self.predictor()
    }

    /// A coder of blocks for one thread: the loop of vortex-coder, unless the execution has a
    /// faster way to make the same bytes.
    fn coder<'a>(&'a self, layout: &'a RecordLayout) -> Box<dyn BlockCoder + 'a> {
        Box::new(LaneCoder::new(layout, self.predictor()))
    }

    /// Number of blocks that should advance together to use it fully.
    fn group(&self) -> usize {
        1
    }

    /// Number of devices that answer in turn: one call of [`Program::predictor`] for each reaches all.
    fn devices(&self) -> usize {
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
