//! The mixing predictor: what many contexts say about each binary decision of a symbol, weighed by how
//! often each was right lately. It learns while it codes, so it needs no training and no file.
//! `docs/mixing.md` specifies it.
//!
//! | file | concern |
//! |---|---|
//! | `model`, `level` | what the container sees; how much time a block may take |
//! | `plan`, `regions`, `numbers` | what a block says of itself before its symbols |
//! | `look` | the first look, which decides the plan |
//! | `code_records`, `code_regions`, `block` | the loops over a block |
//! | `record_contexts`, `number_contexts`, `text_contexts`, `hash` | what a symbol is seen with |
//! | `matcher`, `forecast` | repeats, and what simple rules expect of a number |
//! | `engine` | one symbol: lookup, mixing, learning |
//! | `slots`, `mixer`, `correction`, `curves` | its parts |
//! | `bits` | what becomes of a decision |
//!
//! All in integers; the processor's vector instructions change the speed and no bit.

mod bits;
mod block;
mod code_records;
mod code_regions;
mod correction;
mod curves;
mod engine;
mod forecast;
mod hash;
mod level;
mod look;
mod matcher;
mod mixer;
mod model;
mod node;
mod number_contexts;
mod numbers;
mod plan;
mod record_contexts;
mod regions;
mod slots;
#[cfg(test)]
mod tests;
mod text_contexts;

pub use level::Level;
pub use look::{Stretch, stretches};
pub use model::MixingModel;
