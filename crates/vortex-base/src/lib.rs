#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub use dtype::DType;

pub mod dtype;
pub mod hex;
pub mod position;
pub mod random;
