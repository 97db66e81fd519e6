#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod detect;
pub mod discover;
pub mod error;
pub mod records;
pub mod sidecar;
pub mod split;
pub mod synthetic;

pub use detect::{Detection, detect};
pub use discover::{Discovery, Finding, FindingKind, Search, discover};
pub use error::{Error, Result};
pub use records::{RecordFile, RecordSet};
pub use sidecar::{SchemaSource, parse_schema, read_schema, schema_of, write_schema};
pub use split::{Split, SplitRatios};
pub use synthetic::SyntheticJets;
