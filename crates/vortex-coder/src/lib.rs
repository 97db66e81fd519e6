#![cfg_attr(feature = "container", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "container"), doc = "Range coder, records and predictors.")]
#![forbid(unsafe_code)]
#![deny(clippy::cast_possible_truncation)]
#![cfg_attr(test, allow(clippy::cast_possible_truncation))]

#[cfg(feature = "container")]
pub mod container;
mod entropy;
pub mod error;
mod prediction;
mod records;
pub mod threads;

pub use entropy::{cdf, cost, probs, range};
#[cfg(feature = "container")]
pub use prediction::columns;
pub use prediction::{adaptive, codec, mixing, model, predictor, score};
use prediction::{identity, lane_coder};
pub use records::{layout, schema};

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
pub use schema::{DType, Field, FieldCoding, Schema};
