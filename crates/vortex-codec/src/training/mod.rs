//! The user's side of training: which files can be used together, the figures of a run in
//! progress, and networks of single files. The training itself is [`vortex_train`](crate::train).

mod curve;
mod data;
mod float;
mod own;
mod score;

pub use curve::{Curve, Point};
pub use data::{Group, groups, holds_run, same_records};
pub use float::float_bits;
pub use own::{Outcome, OwnNetwork, Step};
pub use score::Score;
