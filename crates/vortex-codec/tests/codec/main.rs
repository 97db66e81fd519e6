//! Tests of the public library: bytes and files in, the same bytes out.
#![allow(clippy::unwrap_used)] // helpers of tests
#![allow(missing_docs)]

mod archives;
mod bench;
mod damage;
#[cfg(feature = "npz")]
mod datasets;
mod export;
mod inspection;
mod mixed;
mod models;
mod options;
mod ranges;
mod round_trips;
