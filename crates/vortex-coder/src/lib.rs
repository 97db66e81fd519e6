//! vortex-coder
#![forbid(unsafe_code)]
pub mod cdf;
pub mod layout;
pub mod predictor;
pub mod schema;
