//! The contract between a model and the loop that codes, the loop, and the built-in model.

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
