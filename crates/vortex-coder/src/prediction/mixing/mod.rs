//! The mixing predictor: many contexts predict each binary decision of a symbol, and their
//! predictions are weighed by their recent errors. It learns while it codes, so it needs no
//! training and no file. `docs/mixing.md` specifies it.
//!
//! | file | concern |
//! |---|---|
//! | `model`, `level` | the interface to the container; how much time a block may take |
//! | `plan`, `regions`, `numbers` | the description at the start of a block |
//! | `look` | the first look, which decides the plan |
//! | `code_records`, `code_regions`, `block` | the loops over a block |
//! | `record_contexts`, `number_contexts`, `text_contexts`, `hash` | the contexts of a symbol |
//! | `matcher`, `forecast` | repeats, and forecasts of numbers by simple rules |
//! | `engine` | one symbol: lookup, mixing, learning |
//! | `slots`, `memory`, `mixer`, `correction`, `curves` | its parts |
//! | `bits` | writing, reading or measuring a decision |
//! | `mixed`, `advice` | a network beside the contexts |
//!
//! All arithmetic is on integers; the vector instructions of the processor change only the speed.

mod advice;
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
mod memory;
mod mixed;
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
pub use mixed::MixedModel;
pub use model::MixingModel;
