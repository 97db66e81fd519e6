//! The user's side of training: which files can be used together, and the figures of a run in
//! progress. The training itself is [`vortex_train`](crate::train).

mod data;
mod float;
mod score;

pub use data::{Group, groups, holds_run, same_records};
pub use float::float_bits;
pub use score::Score;
