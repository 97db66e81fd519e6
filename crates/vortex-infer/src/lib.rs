//! The integer network of Vortex: its definition, its model file and its fast kernels.
//!
//! `docs/numerics.md` is the specification, [`definition`] is the same in slow, readable Rust, and
//! [`IntModel`] is what to use: a [`vortex_coder::Model`] that runs on an [`Execution`] and gives the same
//! integers on all of them. [`Cpu`] is the execution of this crate: the processor, with the
//! instructions asked for.

pub use cpu::{Cpu, Gemm, Instructions};
pub use error::{Error, Result};
pub use execution::{Checked, Execution, Program};
pub use model::IntModel;
pub use spec::Network;

pub mod arithmetic;
pub mod bounds;
mod cpu;
pub mod definition;
mod error;
mod execution;
pub mod file;
mod model;
pub mod random;
pub mod self_test;
pub mod spec;
