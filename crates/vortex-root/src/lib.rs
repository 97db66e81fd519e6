#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub use chunk::Chunk;
pub use column::ColumnReader;
pub use error::{RootError, RootErrorKind};
pub use file::{RootFile, RootObject, Tree};
pub use layout::{Column, Content, Layout};
pub use vortex_base::DType;

mod basket;
mod baskets;
mod blocks;
mod branch;
mod bytes;
mod chunk;
mod column;
mod cursor;
mod directory;
mod error;
mod file;
mod fixed_objects;
mod key;
mod layout;
mod leaf;
pub mod limits;
mod ntuple;
mod object;
mod packed;
mod streamer_info;
mod tree;
mod type_name;
mod vectors;
