//! The memory of the slots: zeros, in large pages where the system has them.
//!
//! Slots are read in no order, in tables far larger than what a processor translates with pages of
//! 4 KiB. Large pages save a part of the time that coding waits for memory.

use super::node::Node;

/// Smallest table that gets memory of its own: two large pages.
#[cfg(target_os = "linux")]
const LEAST_BYTES: usize = 4 << 20;

/// Nodes, all new at the start.
pub(super) enum Memory {
    /// Pages of this table alone, for which the system was asked for large ones.
    #[cfg(target_os = "linux")]
    Pages(memmap2::MmapMut),
    Heap(Vec<Node>),
}

impl Memory {
    pub(super) fn new(nodes: usize) -> Self {
        #[cfg(target_os = "linux")]
        if let Some(pages) = pages(nodes * size_of::<Node>()) {
            return Self::Pages(pages);
        }
        Self::Heap(vec![0; nodes])
    }

    #[inline(always)]
    pub(super) fn nodes(&self) -> &[Node] {
        match self {
            #[cfg(target_os = "linux")]
            Self::Pages(pages) => bytemuck::cast_slice(pages),
            Self::Heap(nodes) => nodes,
        }
    }

    #[inline(always)]
    pub(super) fn nodes_mut(&mut self) -> &mut [Node] {
        match self {
            #[cfg(target_os = "linux")]
            Self::Pages(pages) => bytemuck::cast_slice_mut(pages),
            Self::Heap(nodes) => nodes,
        }
    }
}

/// `None` if the heap serves as well, or if the system has no pages.
#[cfg(target_os = "linux")]
fn pages(bytes: usize) -> Option<memmap2::MmapMut> {
    if bytes < LEAST_BYTES {
        return None;
    }
    let pages = memmap2::MmapMut::map_anon(bytes).ok()?;
    // Without large pages the table is only slower.
    let _ = pages.advise(memmap2::Advice::HugePage);
    Some(pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_tables_are_new_and_keep_their_nodes() {
        for nodes in [16, 1 << 20, (1 << 21) + 32] {
            let mut memory = Memory::new(nodes);
            assert_eq!(memory.nodes().len(), nodes);
            assert!(memory.nodes().iter().all(|node| *node == 0));
            memory.nodes_mut()[nodes - 1] = 7;
            assert_eq!(memory.nodes()[nodes - 1], 7);
        }
    }
}
