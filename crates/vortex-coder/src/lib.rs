#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(clippy::cast_possible_truncation)]
#![cfg_attr(test, allow(clippy::cast_possible_truncation))]

pub use adaptive::AdaptiveModel;
pub use cdf::Cdf;
pub use codec::{decode_records, encode_records, lanes_for, measure_records};
pub use error::{Error, ErrorKind, Result};
pub use identity::Identity;
pub use lane_coder::LaneCoder;
pub use layout::{RecordLayout, Role};
pub use model::{BlockCoder, BlockPayload, BlockRecords, Model};
pub use predictor::{Coding, Predictor};
pub use range::{RangeDecoder, RangeEncoder};
pub use schema::{DType, Field, Schema, Transform};

pub mod adaptive;
pub mod cdf;
pub mod codec;
pub mod container;
pub mod cost;
pub mod decimal;
mod derived;
mod dtype;
pub mod error;
mod exact;
mod identity;
mod lane_coder;
pub mod law;
pub mod layout;
pub mod model;
pub mod predictor;
pub mod probs;
pub mod range;
pub mod schema;
mod schema_wire;
pub mod score;
