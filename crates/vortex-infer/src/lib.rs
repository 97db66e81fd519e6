//! The integer network of Vortex: its definition, its model file and its fast kernels.
//!
//! `docs/numerics.md` is the specification, [`definition`] is the same in slow, readable Rust, and
//! [`IntModel`] is what to use: a [`vortex_coder::Model`] that runs on the best instructions of the
//! processor and gives the same integers on all of them.

pub use engine::Gemm;
pub use error::{Error, Result};
pub use kernels::Level;
pub use model::IntModel;
pub use spec::Network;

pub mod arithmetic;
pub mod bounds;
pub mod definition;
mod engine;
mod error;
pub mod file;
mod kernels;
mod model;
pub mod random;
pub mod self_test;
pub mod spec;
