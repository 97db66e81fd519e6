//! What a record looks like, and how it becomes symbols and comes back.

mod coding;
pub mod layout;
mod pipeline;
pub mod schema;
mod schema_wire;
