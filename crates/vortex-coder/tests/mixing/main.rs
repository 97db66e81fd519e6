//! The mixing predictor: every block comes back at every level, in the size that its content is worth, and no
//! payload makes a decoder panic.
//!
//! | file | concern |
//! |---|---|
//! | `blocks` | one block encoded, decoded and measured |
//! | `plans` | the first bytes of a payload, read and forged |
//! | `made_bytes`, `made_records` | data whose content is known |
//! | `roundtrip` | odd blocks, any schema, groups, files |
//! | `hostile` | damage, lies and garbage |
#![allow(clippy::cast_possible_truncation, clippy::unwrap_used)]
// What is known of the made data is not all looked at.
#![allow(dead_code)]

mod blocks;
#[path = "../container_support/mod.rs"]
mod container_support;
mod hostile;
mod made_bytes;
mod made_records;
mod plans;
mod roundtrip;
