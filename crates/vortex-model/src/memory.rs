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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attention::CompressiveAttentionConfig;
    use crate::config::MemoryConfig;
    use crate::quant::host;
    use burn::backend::Flex;
    use burn::tensor::Distribution;

    #[test]
    fn slots_are_those_of_whole_segments_and_the_oldest_go_first() {
        let (lanes, d, segment, keep, slots) = (2, 8, 4, 2, 5);
        let device = Default::default();
        let attention = CompressiveAttentionConfig {
            d_model: d,
            n_heads: 2,
            branches: 1,
            memory: Some(MemoryConfig { rate: 2, slots, kernel: 3 }),
            initial_gate: 0.0,
        };
        let attention = attention.init::<Flex>(&device);
        let numerics = Numerics::new(None);
        let mut memory = MemoryManager::new(segment, keep, slots);
        // Three segments and a piece of a fourth.
        let tokens = Tensor::<Flex, 3>::random([lanes, 14, d], Distribution::Default, &device);
        for t in 0..14 {
            let complete = t / segment * keep;
            assert_eq!(memory.slots().len(), complete.min(slots), "before token {t}");
            let token = tokens.clone().narrow(1, t, 1).reshape([lanes, d]);
            memory.push(token, &attention, &numerics);
        }
        let (found, plan) = memory.slots().view(2).unwrap();
        assert_eq!((plan.sequences, plan.keys), (lanes, slots));

        // All at once: six slots a lane, of which the first was dropped.
        let whole = AttentionPlan::memory(lanes, 12, 2, segment, keep, slots);
        let whole = MemoryPlan { attention: whole, segment, keep };
        let first = tokens.narrow(1, 0, 12).reshape([lanes * 12, d]);
        let eviction = &attention.memory.as_ref().unwrap().eviction;
        let kept = eviction.forward(first, lanes, &whole, &numerics);
        let all = attention.keys_values(kept, &numerics).reshape([lanes, 6, 2 * d]);
        let last = all.narrow(1, 1, 5).reshape([lanes * 5, 2 * d]);
        let differences = host(&(found - last).abs());
        assert!(differences.iter().all(|&d| d < 1e-5), "{differences:?}");
    }

    #[test]
    fn without_slots_to_keep_nothing_is_kept() {
        let device = Default::default();
        let memory = Some(MemoryConfig { rate: 4, slots: 3, kernel: 1 });
        let config = CompressiveAttentionConfig {
            d_model: 8,
            n_heads: 1,
            branches: 1,
            memory,
            initial_gate: 0.0,
        };
        let attention = config.init::<Flex>(&device);
        let mut memory = MemoryManager::new(3, 0, 3);
        for _ in 0..9 {
            memory.push(Tensor::ones([1, 8], &device), &attention, &Numerics::new(None));
        }
        assert!(memory.slots().view(1).is_none());
    }
}
