//! What a record looks like, and how it becomes symbols and comes back.

mod coding;
#[cfg(feature = "container")]
pub(crate) mod columns;
pub mod layout;
mod pipeline;
pub mod schema;
mod schema_wire;
