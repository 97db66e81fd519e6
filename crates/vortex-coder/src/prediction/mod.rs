//! The interface between models and the coding loop, the coding loop, and the built-in models.

pub mod adaptive;
pub mod codec;
#[cfg(feature = "container")]
pub mod columns;
pub(crate) mod identity;
pub(crate) mod lane_coder;
pub mod mixing;
pub mod model;
pub mod predictor;
pub mod score;
mod varint;
