//! The kernel, one concern a file. It computes what `vortex_infer::definition` defines, with integers of 32 bits only.

mod attend;
mod embed;
mod frequencies;
mod memory;
mod norm;
mod operations;
mod product;
mod quads;
mod range_decoder;
pub mod steps;
mod symbols;

pub use product::GROUP;
