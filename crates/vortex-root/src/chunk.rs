//! Decoded values of a column.

/// Consecutive entries of one column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chunk {
    /// Number of the first entry in the tree.
    pub first_entry: u64,
    /// Number of entries.
    pub n_entries: usize,
    /// Values of all items, little-endian, without padding.
    pub values: Vec<u8>,
    /// Items of each entry of a jagged column; empty for other columns, which have one item per
    /// entry.
    pub counts: Vec<u32>,
    /// For vectors of vectors: the lengths of the items, then of the items in them, and so on, as
    /// many lists as [`Layout::inner_levels`](crate::Layout::inner_levels).
    pub inner_counts: Vec<Vec<u32>>,
}

impl Chunk {
    pub(crate) fn clear(&mut self, first_entry: u64, inner_levels: usize) {
        self.first_entry = first_entry;
        self.n_entries = 0;
        self.values.clear();
        self.counts.clear();
        self.inner_counts.clear();
        self.inner_counts.resize_with(inner_levels, Vec::new);
    }
}
