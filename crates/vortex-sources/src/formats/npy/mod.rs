//! numpy's `.npy` arrays and `.npz` archives of them.

mod array;
mod dtype;
mod header;
mod literal;
#[cfg(feature = "npz")]
mod npz;
mod type_text;

pub use array::NpySource;
pub(super) use array::write as write_npy;
pub use header::{Described, Header, MAGIC, array_schema, to_bytes};
#[cfg(feature = "npz")]
pub use npz::NpzSource;
#[cfg(feature = "npz")]
pub(super) use npz::write as write_npz;
