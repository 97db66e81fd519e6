//! The backends that training runs on. Others are added here, and nowhere else.

use burn::backend::{Autodiff, Flex};
use burn::tensor::backend::AutodiffBackend;
use vortex_model::FusedOps;

/// The CPU: one thread a worker; [`crate::workers`] uses all cores.
pub type CpuBackend = Autodiff<Flex>;

/// What the loop asks of a backend.
pub trait TrainBackend: AutodiffBackend<InnerBackend = Self::Forward> + FusedOps {
    /// The same without gradients.
    type Forward: FusedOps;
}

impl<B> TrainBackend for B
where
    B: AutodiffBackend + FusedOps,
    B::InnerBackend: FusedOps,
{
    type Forward = B::InnerBackend;
}
