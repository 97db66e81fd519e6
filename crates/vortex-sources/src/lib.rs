#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub use error::{Error, Result};
pub use formats::{Format, format_of, open, segments};
pub use source::{DatasetInfo, Origin, PIECE_BYTES, Sink, Source, Unread};

pub mod error;
pub mod fields;
pub mod formats;
pub mod hdf5;
pub mod npy;
mod pieces;
pub mod prepare;
pub mod root;
pub mod safetensors;
pub mod source;
pub mod text;
