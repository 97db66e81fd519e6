//! Training of Vortex models: from records to a run directory with a model file in it.
//!
//! [`train`] runs a training, [`TrainConfig`] configures it, and a [`TrainObserver`] gets its
//! events.
#![forbid(unsafe_code)]

pub use backend::CpuBackend;
pub use config::TrainConfig;
pub use device::DeviceChoice;
pub use device_list::Devices;
pub use error::{Result, TrainError};
pub use files::RunDir;
pub use float_cost::float_cost;
pub use observer::{LogLines, Phase, Silent, TrainEvent, TrainObserver};
pub use summary::TrainSummary;
pub use trainer::{train, train_on, train_with};

pub mod backend;
pub mod checkpoint;
pub mod config;
pub mod device;
pub mod device_list;
pub mod early_stopping;
pub mod error;
pub mod files;
pub mod float_cost;
pub mod import;
pub mod loss_scale;
pub mod memory;
pub mod metrics;
pub mod noise;
pub mod observer;
pub mod optimizer;
mod packed;
pub mod parameters;
pub mod precision;
pub mod rng;
pub mod sampler;
pub mod schedule;
pub mod shard;
pub mod summary;
pub mod tensorboard;
mod trainer;
pub mod validate;
pub mod workers;
