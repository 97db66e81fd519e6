//! The models as burn modules: compressive transformers over the fields of records with a byte
//! head, their training kernels, quantisation, and export to the integer network.
//!
//! Everything is generic over burn's backends; [`kernels::FusedOps`] gives each of them the fused
//! operations, with fast loops for the CPU backend `Flex`.

pub use batch::Batch;
pub use cat::{CHUNK_SIZES, CatWrapper};
pub use config::{
    Architecture, EmbeddingKind, HeadConfig, MemoryConfig, ModelConfig, PositionKind,
};
pub use error::{Error, Result};
pub use kernels::FusedOps;
pub use production::{LossOutput, ProductionModel};
pub use quant::QuantSpec;
pub use record::{RecordSpec, choose_lags};
pub use step::Stepper;
pub use tensors::NamedTensor;

mod attention;
mod batch;
mod block;
mod calibrate;
mod carry;
mod cat;
mod concatenate;
mod config;
mod embedding;
mod error;
pub mod estimate;
mod eviction;
mod export;
mod head;
mod kernels;
mod kv_cache;
mod memory;
mod position;
mod production;
pub mod prototype;
mod quant;
mod recompute;
mod record;
mod reference;
mod step;
mod swiglu;
mod tdt;
mod tensors;
