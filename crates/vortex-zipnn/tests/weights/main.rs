//! Tests of the promises of the crate, one file for each.
#![allow(clippy::unwrap_used)] // helpers of tests

mod damage;
mod golden;
mod real;
mod round_trip;
mod samples;
