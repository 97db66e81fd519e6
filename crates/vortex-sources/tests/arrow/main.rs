//! Parquet, and files and streams of Arrow: tables of any types come back with equal schemas and
//! values, and damaged files are refused or read, never more.
#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used)] // helpers of tests

mod damage;
mod files;
mod round_trips;
mod tables;
