//! Tables of columns: Parquet, and the files and streams of Arrow.

mod columnar;
mod gather;
pub mod ipc;
mod layout;
pub mod parquet;
mod positioned;
mod records;
mod shape;
mod structure;

/// Most rows of a file, and bytes of all values, for each of its bytes.
const MAX_EXPANSION: u64 = 1 << 16;
