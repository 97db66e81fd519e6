//! Whole runs on small records.
#![allow(clippy::unwrap_used)] // helpers of tests

mod killed;
mod runs;
mod small;
mod tensorboard;
