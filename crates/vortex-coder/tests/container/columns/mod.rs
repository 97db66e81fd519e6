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

mod blocks;
mod hostile;
mod made;
mod roundtrip;
mod sizes;
