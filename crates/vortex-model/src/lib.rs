//! The models as burn modules: compressive transformers over the fields of records with a byte
//! head, their training kernels, quantisation, and export to the integer network.
//!
//! Everything is generic over burn's backends; [`kernels::FusedOps`] gives each of them the fused
//! operations, with fast loops for the CPU backend `Flex`.

pub use batch::Batch;
pub use cat::CatWrapper;
pub use config::{
    Architecture, EmbeddingKind, HeadConfig, MemoryConfig, ModelConfig, PositionKind,
};
pub use error::{Error, Result};
pub use kernels::FusedOps;
pub use production::{LossOutput, ProductionModel};
pub use quant::QuantSpec;
pub use record::{RecordSpec, choose_lags};
pub use step::Stepper;

pub mod attention;
pub mod batch;
pub mod block;
pub mod calibrate;
pub mod carry;
pub mod cat;
mod concatenate;
pub mod config;
pub mod embedding;
pub mod error;
pub mod estimate;
pub mod eviction;
pub mod export;
pub mod head;
pub mod kernels;
pub mod kv_cache;
pub mod memory;
pub mod position;
pub mod production;
pub mod prototype;
pub mod quant;
pub mod recompute;
pub mod record;
pub mod reference;
pub mod step;
pub mod swiglu;
pub mod tdt;
pub mod tensors;
