#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub use dtype::DType;

pub mod atomic;
pub mod dtype;
#[cfg(feature = "checksums")]
pub mod fields;
pub mod hex;
pub mod locked;
pub mod position;
pub mod random;
pub mod unchanged;
