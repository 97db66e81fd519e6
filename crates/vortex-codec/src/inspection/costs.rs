//! The cost of each symbol under a predictor.

use std::sync::atomic::{AtomicUsize, Ordering};

use vortex_coder::{BlockRecords, Model, threads};

use crate::error::{Error, ErrorKind, Result};

/// Cost of each role over all whole records, in units of 2^-16 bits. Blocks and lanes are as in a
/// file; threads share the blocks.
///
/// # Errors
/// [`ErrorKind::WorkerPanicked`], and those of blocks too large for the predictor.
pub fn costs_by_role(
    bytes: &[u8],
    model: &dyn Model,
    block_bytes: u32,
    threads: usize,
) -> Result<Vec<u64>> {
    let layout = model.layout();
    let stride = layout.stride();
    let block_bytes = (block_bytes as usize / stride).max(1) * stride;
    let blocks: Vec<&[u8]> = bytes.chunks(block_bytes).collect();
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<u64>> {
        let mut sums = vec![0u64; layout.roles().len()];
        let mut coder = model.coder();
        while let Some(block) = blocks.get(next.fetch_add(1, Ordering::Relaxed)) {
            let whole = &block[..block.len() - block.len() % stride];
            let lanes = model.lanes(block.len());
            for costs in coder.measure(&[BlockRecords { bytes: whole, lanes }])? {
                sums.iter_mut().zip(costs).for_each(|(sum, cost)| *sum += cost);
            }
        }
        Ok(sums)
    };
    std::thread::scope(|scope| {
        let threads = threads::count(threads).min(blocks.len());
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut sums = vec![0u64; layout.roles().len()];
        for thread in threads {
            let panicked = |_| Error::new(ErrorKind::WorkerPanicked, "a measuring thread panicked");
            let part = thread.join().map_err(panicked)??;
            sums.iter_mut().zip(part).for_each(|(sum, cost)| *sum += cost);
        }
        Ok(sums)
    })
}
