//! Regions: parts of a block that are read in one way.

use super::numbers::Numbers;

/// The contents of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Text, or bytes of unknown meaning.
    Bytes,
    /// Numbers of one width.
    Numbers(Numbers),
}

/// One region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    /// Its length in bytes; for numbers, a multiple of the width.
    pub bytes: usize,
    pub content: Content,
}
