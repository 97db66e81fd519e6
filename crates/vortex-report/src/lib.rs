#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod bench;
pub mod inspect;
pub mod page;
pub mod picture;
pub mod results;
pub mod score;
pub mod sizes;
pub mod table;
