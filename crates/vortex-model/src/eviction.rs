//! Learnable token eviction: which tokens of a segment go to memory.

use burn::module::{Module, Param};
use burn::tensor::{Int, Tensor, TensorData, activation, backend::Backend};

use crate::attention::MemoryPlan;
use crate::concatenate::concatenate;
use crate::kernels::{FusedOps, rms_norm};
use crate::quant::{Numerics, Output, host};
use crate::swiglu::matrix;

/// Configuration of a [`TokenEviction`].
#[derive(Clone, Debug)]
pub struct TokenEvictionConfig {
    /// Channels.
    pub d_model: usize,
    /// Tokens that the depthwise kernel spans.
    pub kernel: usize,
}

/// Scores the tokens of a segment and keeps the best of them, in temporal order.
///
/// `score = point . relu( depthwise(x) )`; the kept tokens become `rms_norm(proj(x))`. Choosing has
/// no gradient, so kept tokens are multiplied by `sigmoid(score)` in the backward pass only: a
/// straight-through gate whose forward value is exactly 1
/// ([Bengio et al. 2013](https://arxiv.org/abs/1308.3432)). It comes after the norm, because the
/// norm would cancel it.
#[derive(Module, Debug)]
pub struct TokenEviction<B: Backend> {
    /// `[kernel, d]`, the oldest token first.
    pub conv: Param<Tensor<B, 2>>,
    /// `[d, 1]`.
    pub point: Param<Tensor<B, 2>>,
    /// `[d, d]`.
    pub proj: Param<Tensor<B, 2>>,
}

impl TokenEvictionConfig {
    /// Random weights.
    pub fn init<B: Backend>(&self, device: &B::Device) -> TokenEviction<B> {
        TokenEviction {
            conv: matrix([self.kernel, self.d_model], 1.0, device),
            point: matrix([self.d_model, 1], 1.0, device),
            proj: matrix([self.d_model, self.d_model], 1.0, device),
        }
    }
}

impl<B: FusedOps> TokenEviction<B> {
    /// The tokens of the complete segments of each sequence that memory keeps.
    ///
    /// # Shapes
    /// - q0: `[sequences * t, d]`
    /// - output: `[sequences * segments * keep, d]`
    pub fn forward(
        &self,
        q0: Tensor<B, 2>,
        sequences: usize,
        plan: &MemoryPlan,
        numerics: &Numerics<'_>,
    ) -> Tensor<B, 2> {
        let [rows, d] = q0.dims();
        let tokens = rows / sequences;
        let segments = tokens / plan.segment;
        let q0 = q0
            .reshape([sequences, tokens, d])
            .narrow(1, 0, segments * plan.segment)
            .reshape([sequences * segments, plan.segment, d]);
        let scores = self.scores(q0.clone(), numerics);
        let kept = best_in_order(&host(&scores), plan.segment, plan.keep);
        let n = kept.len();
        let kept = Tensor::<B, 1, Int>::from_data(TensorData::new(kept, [n]), &q0.device());
        let chosen = q0.reshape([sequences * segments * plan.segment, d]).select(0, kept.clone());
        let weight = numerics.weight(self.proj.val(), "norm", &[(Output::Residual, d)]);
        // The same scale as the tokens of the window: both meet the same key and value matrices.
        let slots = numerics.like("norm", rms_norm(chosen.matmul(weight)));
        let gate = activation::sigmoid(scores.select(0, kept));
        slots * (gate.clone() - gate.detach() + 1.0)
    }

    /// Score of each token.
    ///
    /// # Shapes
    /// - q0: `[segments, tokens, d]`
    /// - output: `[segments * tokens, 1]`
    fn scores(&self, q0: Tensor<B, 3>, numerics: &Numerics<'_>) -> Tensor<B, 2> {
        let [segments, tokens, d] = q0.dims();
        let [kernel, _] = self.conv.dims();
        let conv = numerics.weight(self.conv.val(), "norm", &[(Output::Site("conv"), d)]);
        let mut y = Tensor::<B, 3>::zeros([segments, tokens, d], &q0.device());
        for j in 0..kernel.min(tokens) {
            // The token `j` steps back, zero before the segment.
            let past = q0.clone().narrow(1, 0, tokens - j);
            let past = if j == 0 {
                past
            } else {
                concatenate(vec![Tensor::zeros([segments, j, d], &q0.device()), past], 1)
            };
            let row = conv.clone().narrow(0, kernel - 1 - j, 1);
            y = y + past * row.unsqueeze::<3>();
        }
        let y = activation::relu(y.reshape([segments * tokens, d]));
        let y = numerics.activation("conv", y);
        y.matmul(numerics.table(self.point.val()))
    }
}

/// Flat indices of the `keep` best scores of each segment, in temporal order; the earlier of two
/// equal ones.
fn best_in_order(scores: &[f32], segment: usize, keep: usize) -> Vec<i32> {
    let mut kept = Vec::with_capacity(scores.len() / segment * keep);
    for (s, scores) in scores.chunks_exact(segment).enumerate() {
        let mut order: Vec<usize> = (0..segment).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        order.truncate(keep);
        order.sort_unstable();
        kept.extend(order.iter().map(|t| (s * segment + t) as i32));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::AttentionPlan;
    use burn::backend::{Autodiff, Flex};
    use burn::tensor::Distribution;

    #[test]
    fn keeps_the_best_in_temporal_order() {
        let scores = [0.0, 3.0, 1.0, 3.0, 5.0, 5.0, 5.0, 4.0];
        assert_eq!(best_in_order(&scores, 4, 2), [1, 3, 4, 5]);
    }

    #[test]
    fn the_gate_is_exactly_one_and_still_teaches_the_scorer() {
        type B = Autodiff<Flex>;
        let device = Default::default();
        let eviction = TokenEvictionConfig { d_model: 8, kernel: 3 }.init::<B>(&device);
        let q0 = Tensor::<B, 2>::random([20, 8], Distribution::Default, &device);
        let attention = AttentionPlan::memory(2, 10, 1, 4, 2, 8);
        let plan = MemoryPlan { attention, segment: 4, keep: 2 };
        let numerics = Numerics::new(None);
        let slots = eviction.forward(q0.clone(), 2, &plan, &numerics);
        assert_eq!(slots.dims(), [2 * 2 * 2, 8]);
        let rms = (slots.clone() * slots.clone()).mean_dim(1).into_data().to_vec::<f32>().unwrap();
        assert!(rms.iter().all(|v| (v - 1.0).abs() < 1e-3), "{rms:?}");
        let grads =
            (slots * Tensor::random([8, 8], Distribution::Default, &device)).sum().backward();
        let of_point = eviction.point.grad(&grads).unwrap().abs().sum().into_scalar();
        assert!(of_point > 0.0);
    }
}
