//! The schema of a record, and the conversion between records and symbols.

mod coding;
#[cfg(feature = "container")]
pub(crate) mod columns;
pub mod layout;
pub(crate) mod needs;
mod pipeline;
pub mod schema;
mod schema_wire;
