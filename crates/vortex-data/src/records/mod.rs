//! Records of files and of memory, read by position.

mod set;
mod source;

pub use set::RecordSet;
pub use source::RecordFile;
