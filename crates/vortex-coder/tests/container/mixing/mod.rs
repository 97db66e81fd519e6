//! The mixing predictor: every block is restored at every level, its size is close to its entropy,
//! and no payload makes a decoder panic.
//!
//! | file | concern |
//! |---|---|
//! | `blocks` | one block encoded, decoded and measured |
//! | `plans` | the first bytes of a payload, read and forged |
//! | `made_bytes`, `made_records` | generated data with known entropy |
//! | `sizes` | the generated data is restored, and its size is close to its entropy |
//! | `arrays` | records of one number, read as arrays where that is smaller |
//! | `roundtrip` | odd blocks, any schema, groups, files |
//! | `hostile` | damaged, falsified and random payloads |

mod arrays;
mod blocks;
mod hostile;
mod made_bytes;
mod made_records;
mod plans;
mod roundtrip;
mod sizes;
