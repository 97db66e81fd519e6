//! Benchmarks only: `cargo bench -p vortex-benches`. What the numbers are and what they were is in
//! `docs/benchmarks.md`; those of one crate alone lie in that crate.
