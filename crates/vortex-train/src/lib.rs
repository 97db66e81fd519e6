//! Training of Vortex models: from records to a run directory with a model file in it.
//!
//! [`train`] is the whole of it; [`TrainConfig`] says how, a [`TrainObserver`] sees it happen.
#![forbid(unsafe_code)]

pub use backend::CpuBackend;
pub use config::TrainConfig;
pub use error::{Result, TrainError};
pub use files::RunDir;
pub use observer::{LogLines, Phase, Silent, TrainEvent, TrainObserver};
pub use summary::TrainSummary;
pub use trainer::{train, train_on};

pub mod backend;
pub mod checkpoint;
pub mod config;
pub mod early_stopping;
pub mod error;
pub mod files;
pub mod memory;
pub mod metrics;
pub mod noise;
pub mod observer;
pub mod optimizer;
mod packed;
pub mod parameters;
pub mod rng;
pub mod sampler;
pub mod schedule;
pub mod shard;
pub mod summary;
pub mod tensorboard;
mod trainer;
pub mod validate;
pub mod workers;
