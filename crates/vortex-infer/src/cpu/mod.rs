//! The CPU as an execution: all lanes as one batch, with one set of [`Instructions`].

use std::sync::Arc;

use vortex_coder::predictor::Predictor;

use crate::error::{Error, Result};
use crate::execution::{Checked, Execution, Program};
pub use engine::Gemm;
use engine::{Engine, Packed};
pub use kernels::Instructions;

mod engine;
mod kernels;
mod quads;

/// The CPU with an instruction set, which changes only the speed and not the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpu {
    /// The set.
    pub instructions: Instructions,
}

impl Execution for Cpu {
    fn name(&self) -> String {
        format!("CPU ({})", self.instructions.name())
    }

    fn is_cpu(&self) -> bool {
        true
    }

    fn prepare(&self, network: &Checked) -> Result<Box<dyn Program>> {
        if !self.instructions.is_available() {
            return Err(Error::Unavailable {
                execution: self.name(),
                reason: "this processor does not have its instructions".to_owned(),
            });
        }
        Ok(Box::new(OnCpu {
            packed: Arc::new(Packed::new(network)),
            instructions: self.instructions,
        }))
    }
}

/// A network with its weights laid out for the kernels.
struct OnCpu {
    packed: Arc<Packed>,
    instructions: Instructions,
}

impl Program for OnCpu {
    fn predictor(&self) -> Box<dyn Predictor + '_> {
        Box::new(Engine::new(Arc::clone(&self.packed), self.instructions))
    }
}
