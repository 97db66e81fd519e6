//! The contract between a model and the loop that codes, the loop, and the built-in model.

pub mod adaptive;
pub mod codec;
pub mod predictor;
