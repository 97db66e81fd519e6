#![doc = include_str!("../README.md")]

pub use chunk::{decode, encode, models, search};
pub use dataset::values_of;
pub use filter::FILTER_ID;
pub use parameters::Parameters;

mod chunk;
mod dataset;
mod datatype;
pub mod filter;
mod functions;
mod libraries;
mod names;
mod parameters;
mod report;
