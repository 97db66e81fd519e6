//! Readable results: a table for the terminal, a page with pictures.

pub mod bench;
pub mod page;
pub mod results;
pub mod sizes;
pub mod table;
