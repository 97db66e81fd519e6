#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod bench;
pub mod page;
pub mod picture;
pub mod results;
pub mod sizes;
pub mod table;
