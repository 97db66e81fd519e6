//! Benchmarks, `cargo bench -p vortex-benches`, and regressions: sizes and instruction counts of fixed
//! work, which tests compare with the tables in `regressions/`.
//!
//! What the numbers of the benchmarks are and what they were is in `docs/benchmarks.md`; those of one
//! crate alone lie in that crate.

pub mod inputs;
pub mod work;
