//! Two-stream compressive attention: a sliding window of tokens and a memory of evicted ones.

use burn::module::{Module, Param};
use burn::tensor::{Tensor, activation, backend::Backend};

use crate::carry::LayerCarry;
use crate::config::MemoryConfig;
use crate::eviction::{TokenEviction, TokenEvictionConfig};
use crate::kernels::{AttentionPlan, FusedOps, attend, rms_norm};
use crate::quant::{Numerics, Output};
use crate::swiglu::{matrix, plus};

/// Configuration of a [`CompressiveAttention`].
#[derive(Clone, Debug)]
pub struct CompressiveAttentionConfig {
    /// Channels.
    pub d_model: usize,
    /// Heads.
    pub n_heads: usize,
    /// Residual branches of the network.
    pub branches: usize,
    /// Memory, if any.
    pub memory: Option<MemoryConfig>,
    /// Share of the memory stream at the start, as a logit.
    pub initial_gate: f32,
}

/// Pre-norm attention with a base-2 softmax of `q k / sqrt(d_head)`.
///
/// Per head, `(1 - g) window + g memory` with a learned gate `g`
/// ([Munkhdalai et al. 2024](https://arxiv.org/abs/2404.07143), equation 10); the memory holds
/// keys and values of tokens that [`TokenEviction`] kept.
#[derive(Module, Debug)]
pub struct CompressiveAttention<B: Backend> {
    /// `[d, d]`.
    pub wq: Param<Tensor<B, 2>>,
    /// `[d, 2 d]`: keys, then values.
    pub wkv: Param<Tensor<B, 2>>,
    /// `[d, d]`.
    pub wo: Param<Tensor<B, 2>>,
    /// The memory stream.
    pub memory: Option<MemoryStream<B>>,
    /// Where a layer normalisation is folded into the matrices.
    pub(crate) bias: Option<AttentionBias<B>>,
    #[module(skip)]
    pub(crate) n_heads: usize,
}

/// Biases of the projections.
#[derive(Module, Debug)]
pub(crate) struct AttentionBias<B: Backend> {
    /// `[1, d]`.
    pub q: Tensor<B, 2>,
    /// `[1, 2 d]`.
    pub kv: Tensor<B, 2>,
}

/// What a layer needs for its memory.
#[derive(Module, Debug)]
pub struct MemoryStream<B: Backend> {
    /// Which tokens are kept.
    pub eviction: TokenEviction<B>,
    /// Share of the memory per head as a logit, `[1, heads]`.
    pub gate: Param<Tensor<B, 2>>,
}

/// Which keys each token sees, for all layers of a pass.
#[derive(Clone, Debug)]
pub struct StreamPlans {
    /// Tokens of the window.
    pub local: AttentionPlan,
    /// Slots of the memory.
    pub memory: Option<MemoryPlan>,
}

/// How tokens go to memory.
#[derive(Clone, Debug)]
pub struct MemoryPlan {
    /// Which slots each token sees.
    pub attention: AttentionPlan,
    /// Tokens a segment.
    pub segment: usize,
    /// Tokens kept of each.
    pub keep: usize,
}

impl CompressiveAttentionConfig {
    /// Random weights.
    pub fn init<B: Backend>(&self, device: &B::Device) -> CompressiveAttention<B> {
        let d = self.d_model;
        let memory = self.memory.as_ref().map(|memory| MemoryStream {
            eviction: TokenEvictionConfig { d_model: d, kernel: memory.kernel }.init(device),
            gate: Param::from_tensor(Tensor::full([1, self.n_heads], self.initial_gate, device)),
        });
        CompressiveAttention {
            wq: matrix([d, d], 1.0, device),
            wkv: matrix([d, 2 * d], 1.0, device),
            wo: matrix([d, d], (self.branches as f64).sqrt().recip(), device),
            memory,
            bias: None,
            n_heads: self.n_heads,
        }
    }
}

impl<B: FusedOps> CompressiveAttention<B> {
    /// Eight-bit input of the projections.
    ///
    /// # Shapes
    /// - x, output: `[n, d]`
    pub fn normalise(&self, x: Tensor<B, 2>, numerics: &Numerics<'_>) -> Tensor<B, 2> {
        numerics.activation("norm", rms_norm(x))
    }

    /// Queries, scaled so that products with keys are logarithms to base 2.
    ///
    /// # Shapes
    /// - q0, output: `[n, d]`
    pub fn queries(&self, q0: Tensor<B, 2>, numerics: &Numerics<'_>) -> Tensor<B, 2> {
        let [d, _] = self.wq.dims();
        let weight = numerics.weight(self.scaled_wq(), "norm", &[(Output::Site("q"), d)]);
        numerics.activation("q", plus(q0.matmul(weight), self.scaled_bias().as_ref()))
    }

    /// The query matrix with `log2(e) / sqrt(d_head)` folded in.
    pub fn scaled_wq(&self) -> Tensor<B, 2> {
        self.wq.val() * self.query_scale()
    }

    /// The bias of the queries with the same factor, `[1, d]`.
    pub fn scaled_bias(&self) -> Option<Tensor<B, 2>> {
        self.bias.as_ref().map(|bias| bias.q.clone() * self.query_scale())
    }

    fn query_scale(&self) -> f32 {
        let [d, _] = self.wq.dims();
        let d_head = (d / self.n_heads) as f32;
        std::f32::consts::LOG2_E / d_head.sqrt()
    }

    /// Keys and values.
    ///
    /// # Shapes
    /// - q0: `[n, d]`
    /// - output: `[n, 2 d]`
    pub fn keys_values(&self, q0: Tensor<B, 2>, numerics: &Numerics<'_>) -> Tensor<B, 2> {
        let [d, _] = self.wkv.dims();
        let outputs = [(Output::Site("k"), d), (Output::Site("v"), d)];
        let kv = q0.matmul(numerics.weight(self.wkv.val(), "norm", &outputs));
        let kv = plus(kv, self.bias.as_ref().map(|bias| &bias.kv));
        numerics.columns(&[("k", d), ("v", d)], kv)
    }

    /// Attention over the window and, where there is one, the memory; then the output projection.
    ///
    /// # Shapes
    /// - q: `[sequences * t, d]`
    /// - kv: `[sequences * keys, 2 d]`, slots likewise
    /// - output: `[sequences * t, d]`
    pub fn attend(
        &self,
        q: Tensor<B, 2>,
        kv: (Tensor<B, 2>, &AttentionPlan),
        slots: Option<(Tensor<B, 2>, &AttentionPlan)>,
        numerics: &Numerics<'_>,
    ) -> Tensor<B, 2> {
        let [_, d] = q.dims();
        let mut c = numerics.like("v", attend(q.clone(), kv.0, kv.1));
        if let Some(memory) = &self.memory {
            let gate = numerics.share(activation::sigmoid(memory.gate.val()));
            let d_head = d / self.n_heads;
            let gate = gate.reshape([self.n_heads, 1]).repeat_dim(1, d_head).reshape([1, d]);
            let local = c * (gate.clone().neg() + 1.0);
            c = match slots {
                Some((slots, plan)) => local + numerics.like("v", attend(q, slots, plan)) * gate,
                None => local,
            };
            c = numerics.like("v", c);
        }
        c.matmul(numerics.weight(self.wo.val(), "v", &[(Output::Residual, d)]))
    }

    /// The residual stream after this part, for whole sequences.
    ///
    /// # Shapes
    /// - x, output: `[sequences * t, d]`
    pub fn forward(
        &self,
        x: Tensor<B, 2>,
        plans: &StreamPlans,
        numerics: &Numerics<'_>,
    ) -> Tensor<B, 2> {
        let q0 = self.normalise(x.clone(), numerics);
        let q = self.queries(q0.clone(), numerics);
        let kv = self.keys_values(q0.clone(), numerics);
        let slots = match (&self.memory, &plans.memory) {
            (Some(memory), Some(plan)) if plan.attention.keys > 0 => {
                let kept = memory.eviction.forward(q0, plans.local.sequences, plan, numerics);
                Some((self.keys_values(kept, numerics), &plan.attention))
            }
            _ => None,
        };
        x + self.attend(q, (kv, &plans.local), slots, numerics)
    }

    /// The same for a piece of each sequence, after and into what is carried along.
    ///
    /// # Shapes
    /// - x, output: `[sequences * t, d]`
    pub fn forward_chunk(
        &self,
        x: Tensor<B, 2>,
        carry: &mut LayerCarry<B>,
        numerics: &Numerics<'_>,
    ) -> Tensor<B, 2> {
        let q0 = self.normalise(x.clone(), numerics);
        let q = self.queries(q0.clone(), numerics);
        let kv = self.keys_values(q0.clone(), numerics);
        let (kv, plan) = carry.window(kv, self.n_heads);
        let slots = carry.slots(q0, self, numerics);
        let slots = slots.as_ref().map(|(slots, plan)| (slots.clone(), plan));
        x + self.attend(q, (kv, &plan), slots, numerics)
    }
}
