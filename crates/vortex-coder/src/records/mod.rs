//! What a record looks like, and how it becomes symbols and comes back.

mod coding;
mod field;
pub mod layout;
pub mod schema;
mod schema_wire;
