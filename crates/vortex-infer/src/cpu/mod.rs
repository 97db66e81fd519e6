//! The processor as an execution: all lanes as one batch, on the instructions of one [`Level`].

use std::sync::Arc;

use vortex_coder::predictor::Predictor;

use crate::error::{Error, Result};
use crate::execution::{Checked, Execution, Program};
pub use engine::Gemm;
use engine::{Engine, Packed};
pub use kernels::Level;

mod engine;
mod kernels;

/// The processor at a level of instructions. Results do not depend on the level, only the speed does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpu {
    /// The level.
    pub level: Level,
}

impl Execution for Cpu {
    fn name(&self) -> String {
        format!("CPU ({})", self.level.name())
    }

    fn prepare(&self, network: &Checked) -> Result<Box<dyn Program>> {
        if !self.level.is_available() {
            return Err(Error::Unavailable {
                execution: self.name(),
                reason: "this processor does not have its instructions".to_owned(),
            });
        }
        Ok(Box::new(OnCpu { packed: Arc::new(Packed::new(network)), level: self.level }))
    }
}

/// A network with its weights laid out for the kernels.
struct OnCpu {
    packed: Arc<Packed>,
    level: Level,
}

impl Program for OnCpu {
    fn predictor(&self) -> Box<dyn Predictor + '_> {
        Box::new(Engine::new(Arc::clone(&self.packed), self.level))
    }
}
