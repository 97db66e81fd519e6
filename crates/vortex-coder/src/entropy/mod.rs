//! Distributions in integers, and the range coder that turns symbols into bits under them.

pub mod cdf;
pub mod cost;
pub mod probs;
pub mod range;
