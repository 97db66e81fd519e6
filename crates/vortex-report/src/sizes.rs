//! The sizes before and after compression, in one line.

use std::fmt;

use super::table::thousands;

/// Bytes of a file and of its compressed form.
#[derive(Debug)]
pub struct Sizes {
    /// Before.
    pub original: u64,
    /// After.
    pub compressed: u64,
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {} bytes", thousands(self.original), thousands(self.compressed))?;
        if self.original > 0 {
            let ratio = self.compressed as f64 / self.original as f64;
            write!(f, " ({:.1} %, {:.3} bits/byte)", ratio * 100.0, ratio * 8.0)?;
        }
        Ok(())
    }
}
