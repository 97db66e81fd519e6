//! Training of Vortex models: from records to a run directory with a model file in it.
//!
//! [`train`] runs a training, [`TrainConfig`] configures it, and a [`TrainObserver`] gets its
//! events. [`import`] makes a run of a checkpoint of the Python prototype, and [`step`] has the parts of one training step, for measurements.
#![forbid(unsafe_code)]

pub use backend::CpuBackend;
pub use checkpoint::Checkpoint;
pub use config::TrainConfig;
pub use device::DeviceChoice;
pub use device_list::Devices;
pub use error::{Result, TrainError};
pub use files::REPORT;
pub use float_cost::float_cost;
pub use observer::{LogLines, Phase, Silent, TrainEvent, TrainObserver};
pub use summary::{ModelSummary, TrainSummary};
pub use trainer::{train, train_on, train_with};
pub use validate::block_cost;

pub mod config;
pub mod import;
pub mod memory;
pub mod step;

mod backend;
mod checkpoint;
mod device;
mod device_list;
mod early_stopping;
mod error;
mod files;
mod float_cost;
mod loss_scale;
mod metrics;
mod noise;
mod observer;
mod optimizer;
mod packed;
mod parameters;
mod precision;
mod rng;
mod sampler;
mod schedule;
mod shard;
mod summary;
mod tensorboard;
mod trainer;
mod validate;
mod workers;
