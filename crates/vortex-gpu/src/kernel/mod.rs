//! The kernel, one concern a file. It computes what `vortex_infer::definition` defines, with integers of 32 bits only.

mod attend;
mod embed;
mod frequencies;
mod head;
mod linear;
mod memory;
mod norm;
mod quads;
mod range_decoder;
pub mod steps;
mod symbols;
mod trunk;

pub use linear::GROUP;
