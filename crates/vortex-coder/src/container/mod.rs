//! The `.vxc` container. `docs/format.md` is its specification.

pub mod constants;

mod block;
mod footer;
mod header;
mod index;
mod wire;

pub use block::{BlockHeader, Method};
pub use footer::Footer;
pub use header::{MemberHeader, PredictorId};
pub use index::{IndexEntry, IndexHeader};
