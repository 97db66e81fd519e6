//! State that a layer carries from one chunk of a stream to the next: keys and values of its
//! window, the slots of its memory, and the tokens of the incomplete segment.

use burn::tensor::{Tensor, backend::Backend};

use crate::attention::{CompressiveAttention, MemoryPlan};
use crate::concatenate::concatenate;
use crate::config::{MemoryConfig, ModelConfig};
use crate::kernels::{AttentionPlan, FusedOps};
use crate::quant::Numerics;

/// The past of one layer, for all sequences, without gradients.
#[derive(Clone, Debug)]
pub struct LayerCarry<B: Backend> {
    sequences: usize,
    window: usize,
    segment: usize,
    memory: Option<MemoryConfig>,
    /// `[sequences, tokens, 2 d]`, at most `window - 1` tokens.
    keys_values: Option<Tensor<B, 3>>,
    /// `[sequences, slots, 2 d]`.
    slots: Option<Tensor<B, 3>>,
    /// Attention inputs, `[sequences, tokens, d]`, less than a segment.
    pending: Option<Tensor<B, 3>>,
}

/// `[sequences, old + new, c]`.
fn append<B: Backend>(old: Option<Tensor<B, 3>>, new: Tensor<B, 3>) -> Tensor<B, 3> {
    match old {
        Some(old) => concatenate(vec![old, new], 1),
        None => new,
    }
}

/// The last `limit` entries of each sequence without their gradient; `None` if there are none.
fn last<B: Backend>(all: Tensor<B, 3>, limit: usize) -> Option<Tensor<B, 3>> {
    let [_, n, _] = all.dims();
    let kept = n.min(limit);
    (kept > 0).then(|| all.narrow(1, n - kept, kept).detach())
}

impl<B: FusedOps> LayerCarry<B> {
    /// An empty past.
    pub fn new(config: &ModelConfig, n_fields: usize, sequences: usize) -> Self {
        let (window, segment) = config.window_and_segment(n_fields);
        let memory = config.memory.clone();
        Self { sequences, window, segment, memory, keys_values: None, slots: None, pending: None }
    }

    /// Keys and values of past and current tokens, and the ranges that each current token attends
    /// to.
    ///
    /// # Shapes
    /// - kv: `[sequences * t, 2 d]`
    /// - output: `[sequences * (past + t), 2 d]`
    pub(crate) fn window(
        &mut self,
        kv: Tensor<B, 2>,
        heads: usize,
    ) -> (Tensor<B, 2>, AttentionPlan) {
        let [rows, width] = kv.dims();
        let tokens = rows / self.sequences;
        let past = self.keys_values.as_ref().map_or(0, |kv| kv.dims()[1]);
        let all = append(self.keys_values.take(), kv.reshape([self.sequences, tokens, width]));
        self.keys_values = last(all.clone(), self.window - 1);
        let range = (past + 1..=past + tokens)
            .map(|end| (end.saturating_sub(self.window) as u32, end as u32));
        let keys = past + tokens;
        let plan = AttentionPlan { sequences: self.sequences, heads, keys, range: range.collect() };
        (all.reshape([self.sequences * keys, width]), plan)
    }

    /// The slots of all complete segments, and the ranges that each current token attends to.
    ///
    /// # Shapes
    /// - q0: `[sequences * t, d]`
    /// - output: `[sequences * slots, 2 d]`
    pub(crate) fn slots(
        &mut self,
        q0: Tensor<B, 2>,
        attention: &CompressiveAttention<B>,
        numerics: &Numerics<'_>,
    ) -> Option<(Tensor<B, 2>, AttentionPlan)> {
        let (config, stream) = (self.memory.as_ref()?, attention.memory.as_ref()?);
        let (sequences, segment, keep) = (self.sequences, self.segment, self.segment / config.rate);
        let [rows, d] = q0.dims();
        let tokens = rows / sequences;
        let place = self.pending.as_ref().map_or(0, |p| p.dims()[1]);
        let pending = append(self.pending.take(), q0.reshape([sequences, tokens, d]));
        let complete = (place + tokens) / segment;
        let old = self.slots.as_ref().map_or(0, |s| s.dims()[1]);
        let mut all = self.slots.take();
        if complete * keep > 0 {
            let done = pending.clone().narrow(1, 0, complete * segment);
            let empty = AttentionPlan { sequences, heads: 1, keys: 0, range: [].into() };
            let plan = MemoryPlan { attention: empty, segment, keep };
            let done = done.reshape([sequences * complete * segment, d]);
            let kept = stream.eviction.forward(done, sequences, &plan, numerics);
            let kv = attention.keys_values(kept, numerics);
            all = Some(append(all, kv.reshape([sequences, complete * keep, 2 * d])));
        }
        self.pending = last(pending, (place + tokens) % segment);
        let all = all?;
        let [_, keys, width] = all.dims();
        self.slots = last(all.clone(), config.slots);
        let range = (place..place + tokens).map(|t| {
            let end = old + t / segment * keep;
            (end.saturating_sub(config.slots) as u32, end as u32)
        });
        let plan =
            AttentionPlan { sequences, heads: attention.n_heads, keys, range: range.collect() };
        Some((all.reshape([sequences * keys, width]), plan))
    }
}
