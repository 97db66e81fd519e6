#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub use error::{Error, Result};
pub use formats::{Format, format_of, open, segments};
pub use source::{DatasetInfo, Origin, Sink, Source, Unread};

pub mod error;
pub mod fields;
pub mod formats;
#[cfg(any(feature = "arrow", feature = "root"))]
mod group_name;
mod pieces;
pub mod prepare;
pub mod source;
pub mod stored;
mod unique_names;
