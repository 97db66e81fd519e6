//! The parts of one training step, as the training loop puts them together: a batch of windows,
//! its gradient in all workers, the norm of the gradient, and AdamW. For measurements of time and
//! memory; [`train`](crate::train) is what trains a model.

pub use crate::backend::TrainBackend;
pub use crate::optimizer::{AdamW, clip_factor, global_norm};
pub use crate::parameters::{Parameter, ParameterMap};
pub use crate::rng::Rng;
pub use crate::sampler::{Parts, Sampler, WindowBatch, parts};
pub use crate::shard::Pass;
pub use crate::workers::{StepOutput, Workers};
