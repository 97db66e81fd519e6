//! What files are: compressed files, whose symbols have a cost under their predictor, and raw data,
//! whose symbols have an entropy.
//!
//! | file | concern |
//! |---|---|
//! | `compressed` | members, blocks, and the costs of the largest member |
//! | `costs` | the cost of each symbol under a predictor |
//! | `raw` | the records of raw data, and what its first bytes say |
//! | `fields`, `symbols`, `values` | what is known of each field; entropies of its symbols and of its values |

mod compressed;
mod costs;
mod fields;
mod raw;
mod symbols;
mod values;

pub(crate) use compressed::predictor_of;
pub use compressed::{BlockCounts, Compressed, MemberCosts, count_blocks};
pub(crate) use costs::costs_by_role;
pub use fields::{FieldRow, field_rows};
pub use raw::RawData;
pub use values::ValueEntropy;
