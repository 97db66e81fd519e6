//! Records in files and in memory, read by position.

mod set;
mod source;

pub use set::RecordSet;
pub use source::RecordFile;
