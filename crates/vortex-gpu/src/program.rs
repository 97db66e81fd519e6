//! A network on a device as the program of an execution.

use std::sync::Arc;

use cubecl::prelude::Runtime;
use vortex_coder::BlockCoder;
use vortex_coder::layout::RecordLayout;
use vortex_coder::predictor::Predictor;
use vortex_infer::{Checked, Cpu, Execution, Instructions, Program, Result};

use crate::coder::GpuCoder;
use crate::predictor::GpuPredictor;
use crate::prepared::Prepared;
use crate::runtime::Opened;

/// A device as an execution.
pub struct OnRuntime<R: Runtime> {
    pub device: Opened<R>,
    /// Whether a launch may have few turns of loops only.
    pub few_turns: bool,
}

impl<R: Runtime> Execution for OnRuntime<R> {
    fn name(&self) -> String {
        self.device.name().to_owned()
    }

    fn prepare(&self, network: &Checked) -> Result<Box<dyn Program>> {
        let prepared = Arc::new(Prepared::new(self.device.clone(), network, self.few_turns)?);
        let cpu = Cpu { instructions: Instructions::detect() }.prepare(network)?;
        Ok(Box::new(OnDevice { prepared, cpu }))
    }
}

struct OnDevice<R: Runtime> {
    prepared: Arc<Prepared<R>>,
    /// The same network on the CPU.
    cpu: Box<dyn Program>,
}

impl<R: Runtime> Program for OnDevice<R> {
    fn predictor(&self) -> Box<dyn Predictor + '_> {
        Box::new(GpuPredictor::new(Arc::clone(&self.prepared)))
    }

    fn stepwise(&self) -> Box<dyn Predictor + '_> {
        // One symbol of one lane takes a GPU as long as thousands.
        self.cpu.predictor()
    }

    fn coder<'a>(&'a self, layout: &'a RecordLayout) -> Box<dyn BlockCoder + 'a> {
        Box::new(GpuCoder::new(&self.prepared, layout))
    }

    fn group(&self) -> usize {
        self.prepared.group()
    }
}
