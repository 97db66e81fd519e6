//! Promises of the crate, by promise.
#![allow(clippy::unwrap_used)] // helpers of tests

mod damage;
mod golden;
mod real;
mod round_trip;
mod samples;
