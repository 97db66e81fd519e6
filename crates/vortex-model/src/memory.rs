//! Memory manager: segments in, slots out, first in first out.

use burn::tensor::{Tensor, backend::Backend};

use crate::attention::{CompressiveAttention, MemoryPlan};
use crate::kernels::{AttentionPlan, FusedOps};
use crate::kv_cache::KvCache;
use crate::quant::Numerics;

/// One layer's memory during a stepwise pass.
#[derive(Clone, Debug)]
pub struct MemoryManager<B: Backend> {
    segment: usize,
    keep: usize,
    slots: KvCache<B>,
    /// Attention inputs of the segment so far, `[lanes, d]` each.
    pending: Vec<Tensor<B, 2>>,
}

impl<B: FusedOps> MemoryManager<B> {
    /// An empty memory of at most `slots` slots.
    pub fn new(segment: usize, keep: usize, slots: usize) -> Self {
        Self { segment, keep, slots: KvCache::new(slots), pending: Vec::new() }
    }

    /// The slots of all complete segments so far.
    pub fn slots(&self) -> &KvCache<B> {
        &self.slots
    }

    /// Takes the attention input of a token; at the end of a segment the best tokens become slots.
    ///
    /// # Shapes
    /// - q0: `[lanes, d]`
    pub fn push(
        &mut self,
        q0: Tensor<B, 2>,
        attention: &CompressiveAttention<B>,
        numerics: &Numerics<'_>,
    ) {
        let Some(memory) = &attention.memory else { return };
        let [lanes, d] = q0.dims();
        self.pending.push(q0);
        if self.pending.len() < self.segment || self.keep == 0 {
            return;
        }
        let tokens = Tensor::stack::<3>(std::mem::take(&mut self.pending), 1);
        let tokens = tokens.reshape([lanes * self.segment, d]);
        let empty = AttentionPlan { sequences: lanes, heads: 1, keys: 0, range: [].into() };
        let plan = MemoryPlan { attention: empty, segment: self.segment, keep: self.keep };
        let kept = memory.eviction.forward(tokens, lanes, &plan, numerics);
        let kv = attention.keys_values(kept, numerics);
        self.slots.push(kv.reshape([lanes, self.keep, 2 * d]));
    }
}
