//! What a record looks like, and how it becomes symbols and comes back.

pub mod decimal;
mod derived;
mod dtype;
mod exact;
pub mod law;
pub mod layout;
pub mod schema;
mod schema_wire;
