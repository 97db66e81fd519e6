#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(clippy::cast_possible_truncation)]
#![cfg_attr(test, allow(clippy::cast_possible_truncation))]

pub use adaptive::AdaptiveModel;
pub use cdf::Cdf;
pub use codec::{decode_records, encode_records, lanes_for, measure_records};
pub use error::{Error, ErrorKind, Result};
pub use layout::{RecordLayout, Role};
pub use predictor::{Coding, Model, Predictor};
pub use range::{RangeDecoder, RangeEncoder};
pub use schema::{DType, Field, Schema, Transform};

use vortex_base::dtype;

pub mod adaptive;
pub mod cdf;
pub mod codec;
pub mod container;
pub mod cost;
pub mod decimal;
mod derived;
pub mod error;
mod exact;
pub mod law;
pub mod layout;
pub mod predictor;
pub mod probs;
pub mod range;
pub mod schema;
mod schema_wire;
pub mod threads;
