//! Readable results: tables for the terminal, pages, and a picture.

pub mod bench;
pub mod page;
pub mod picture;
pub mod results;
pub mod sizes;
pub mod table;
