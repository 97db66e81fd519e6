//! Training, as users see it: which files go together, and the figures of a run while it runs. The
//! training itself is [`vortex_train`](crate::train).

mod data;
mod float;
mod score;

pub use data::{Group, groups, same_records};
pub use float::float_bits;
pub use score::Score;
