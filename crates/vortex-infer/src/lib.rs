//! The integer network of Vortex: its definition, its model file and its fast kernels.
//!
//! `docs/numerics.md` is the specification, and [`definition`] implements it in slow, readable
//! Rust. Programs use [`IntModel`]: a [`vortex_coder::Model`] that runs on an [`Execution`] and
//! gives the same integers on each. [`Cpu`] is the execution of this crate: the CPU with the chosen
//! instruction set.

pub use cpu::{Cpu, Gemm, Instructions};
pub use error::{Error, Result};
pub use execution::{Checked, Execution, Program};
pub use model::IntModel;
pub use several::Several;
pub use spec::Network;
pub use trial::{Report, Trial, selftest};

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
mod several;
pub mod spec;
mod trial;
