//! The `vortex` command as users meet it: whole runs of the program, files in, files out.
#![allow(clippy::unwrap_used)] // helpers of tests
#![allow(missing_docs)]

mod bad_input;
mod bench;
mod benchmarks;
mod datasets;
mod devices;
#[cfg(feature = "download")]
mod download;
mod help;
mod imports;
mod many;
mod measured;
mod mixed;
mod models;
mod pages;
mod ranges;
mod readme;
mod round_trip;
mod signals;
mod training;
mod weights;
