#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod detect;
mod discover;
#[cfg(feature = "download")]
pub mod download;
pub mod error;
pub mod prepare;
pub mod records;
pub mod root;
pub mod sidecar;
pub mod sources;
pub mod split;
pub mod synthetic;

pub use detect::{Detection, detect};
pub use discover::{Search, discover};
pub use error::{Error, Result};
pub use records::{RecordFile, RecordSet};
pub use sidecar::{SchemaSource, read_schema, schema_of, write_schema};
pub use split::{Split, SplitRatios};
pub use synthetic::SyntheticJets;
