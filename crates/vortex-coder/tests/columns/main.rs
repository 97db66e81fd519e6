//! The columns predictor: every block comes back at every level, small where its content is worth little, and no payload
//! makes a decoder panic.
//!
//! | file | concern |
//! |---|---|
//! | `blocks` | one block encoded, decoded and measured |
//! | `made` | records whose content is known |
//! | `roundtrip` | all types, odd blocks, wide tables, files |
//! | `sizes` | what is found in columns |
//! | `hostile` | damage, lies and garbage |
#![allow(clippy::cast_possible_truncation, clippy::unwrap_used)]

mod blocks;
#[path = "../container_support/mod.rs"]
mod container_support;
mod hostile;
mod made;
mod roundtrip;
mod sizes;
