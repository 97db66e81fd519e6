//! Regions: stretches of a block that are read alike.

use super::numbers::Numbers;

/// What a stretch of bytes holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Text, or bytes of unknown meaning.
    Bytes,
    /// Numbers of one width.
    Numbers(Numbers),
}

/// One stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    /// Its length; of numbers a whole number of them.
    pub bytes: usize,
    pub content: Content,
}
