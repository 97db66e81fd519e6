#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

// Files and bytes.
pub use compressor::{Compressor, compress};
pub use decompressor::{Decompressor, decompress};
pub use device::Device;
pub use error::{Error, ErrorKind, Result};
pub use evaluation::{Evaluation, evaluate};
pub use level::Level;
pub use mix::Mix;
pub use models::{Models, TrainedModel};
pub use plan::{Plan, Request};
pub use writer::Writer;

// Types of lower layers that appear in this interface.
pub use vortex_coder::container::{Limits, Progress, Summary};
pub use vortex_coder::{DType, Field, Schema};
pub use vortex_infer::Instructions;

pub mod archive;
#[cfg(feature = "baselines")]
pub mod baselines;
#[cfg(feature = "baselines")]
pub mod bench;
mod compressor;
mod decompressor;
mod device;
mod encoder;
pub mod error;
pub mod evaluation;
pub mod export;
mod hook;
pub mod input;
pub mod inspection;
mod level;
mod look;
pub mod machine;
pub mod many;
mod mix;
pub mod models;
pub mod output;
pub mod plan;
mod quick_look;
#[cfg(feature = "train")]
pub mod training;
mod verify;
#[cfg(feature = "weights")]
pub mod weights;
mod writer;

// The complete lower layers.
pub use vortex_coder as coder;
pub use vortex_data as data;
#[cfg(feature = "download")]
pub use vortex_download as download;
pub use vortex_gpu as gpu;
pub use vortex_infer as infer;
pub use vortex_sources as sources;
#[cfg(feature = "train")]
pub use vortex_train as train;
