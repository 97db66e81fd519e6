//! The backends for training. New backends are added only here.

use burn::backend::{Autodiff, Flex};
use burn::tensor::backend::AutodiffBackend;
use vortex_model::FusedOps;

/// The CPU, with one thread per worker; a training uses a worker for each core.
pub type CpuBackend = Autodiff<Flex>;

/// Requirements of the training loop for a backend.
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
