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
    /// Biases, if a layer normalisation is folded into the matrices.
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

/// The memory stream of a layer.
#[derive(Module, Debug)]
pub struct MemoryStream<B: Backend> {
    /// Chooses the tokens that are kept.
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

/// How tokens are stored in memory.
#[derive(Clone, Debug)]
pub struct MemoryPlan {
    /// Which slots each token sees.
    pub attention: AttentionPlan,
    /// Tokens per segment.
    pub segment: usize,
    /// Tokens kept per segment.
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

    /// Attention over the window and the memory, if there is one; then the output projection.
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

    /// The same for a chunk of each sequence; it uses and updates the carried state.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::host;
    use burn::backend::Flex;
    use burn::tensor::Distribution;

    const TOKENS: usize = 7;
    const D: usize = 8;
    const HEADS: usize = 2;
    const WINDOW: usize = 2;
    const SEGMENT: usize = 3;

    fn attention(memory: bool) -> (CompressiveAttention<Flex>, StreamPlans) {
        let memory = memory.then_some(MemoryConfig { rate: 2, slots: 3, kernel: 2 });
        let plan = memory.as_ref().map(|_| MemoryPlan {
            attention: AttentionPlan::memory(1, TOKENS, HEADS, SEGMENT, 2, 3),
            segment: SEGMENT,
            keep: 2,
        });
        let config = CompressiveAttentionConfig {
            d_model: D,
            n_heads: HEADS,
            branches: 1,
            memory,
            initial_gate: -0.5,
        };
        let local = AttentionPlan::sliding(1, TOKENS, HEADS, WINDOW);
        (config.init(&Default::default()), StreamPlans { local, memory: plan })
    }

    fn input() -> Tensor<Flex, 2> {
        Tensor::random([TOKENS, D], Distribution::Normal(0.0, 1.0), &Default::default())
    }

    fn rows(x: Tensor<Flex, 2>) -> Vec<Vec<f64>> {
        let [_, width] = x.dims();
        host(&x).chunks(width).map(|row| row.iter().map(|&v| f64::from(v)).collect()).collect()
    }

    /// Tokens whose output changes with the input of token `changed`.
    fn reach(memory: bool, changed: usize) -> Vec<usize> {
        let (part, plans) = attention(memory);
        let x = input();
        let mut other = host(&x);
        other[changed * D..(changed + 1) * D].iter_mut().for_each(|v| *v = 0.3 - *v);
        let other = burn::tensor::TensorData::new(other, [TOKENS, D]);
        let other = Tensor::from_data(other, &Default::default());
        let [a, b] = [x, other].map(|x| rows(part.forward(x, &plans, &Numerics::new(None))));
        (0..TOKENS).filter(|&t| a[t] != b[t]).collect()
    }

    #[test]
    fn a_token_sees_its_window_and_nothing_that_comes() {
        for t in 0..TOKENS {
            let seen: Vec<usize> = (t..TOKENS.min(t + WINDOW)).collect();
            assert_eq!(reach(false, t), seen);
            // Memory reaches further, but only forward and only from complete segments.
            let reached = reach(true, t);
            assert_eq!(reached[0], t);
            let later = (t / SEGMENT + 1) * SEGMENT;
            assert!(reached.iter().all(|&r| seen.contains(&r) || r >= later), "{t}: {reached:?}");
        }
    }

    /// Softmax-weighted values of one head, as in the literature.
    fn retrieve(q: &[f64], kv: &[Vec<f64>], head: usize) -> Vec<f64> {
        let width = D / HEADS;
        let part = head * width..(head + 1) * width;
        let scores = kv.iter().map(|kv| {
            let product: f64 =
                q[part.clone()].iter().zip(&kv[part.clone()]).map(|(q, k)| q * k).sum();
            (product / (width as f64).sqrt()).exp()
        });
        let scores: Vec<f64> = scores.collect();
        let sum: f64 = scores.iter().sum();
        let value =
            |i: usize| scores.iter().zip(kv).map(|(s, kv)| s / sum * kv[D + part.start + i]).sum();
        (0..width).map(value).collect()
    }

    #[test]
    fn window_and_memory_are_mixed_as_the_formula_says() {
        let (part, plans) = attention(true);
        let (x, numerics) = (input(), Numerics::new(None));
        let out = rows(part.forward(x.clone(), &plans, &numerics));

        let q0 = part.normalise(x.clone(), &numerics);
        let q = rows(q0.clone().matmul(part.wq.val()));
        let kv = rows(q0.clone().matmul(part.wkv.val()));
        let (memory, plan) = (part.memory.as_ref().unwrap(), plans.memory.as_ref().unwrap());
        let kept = memory.eviction.forward(q0, 1, plan, &numerics);
        let slots = rows(kept.matmul(part.wkv.val()));
        assert_eq!(slots.len(), 4, "two of each complete segment");
        let gate = 1.0 / (1.0 + 0.5f64.exp());
        let (x, wo) = (rows(x), rows(part.wo.val()));
        for t in 0..TOKENS {
            let window = &kv[(t + 1).saturating_sub(WINDOW)..=t];
            let known = t / SEGMENT * 2;
            let memory = &slots[known.saturating_sub(3)..known];
            let mut mixed = Vec::new();
            for head in 0..HEADS {
                let local = retrieve(&q[t], window, head);
                let remembered = match memory {
                    [] => vec![0.0; D / HEADS],
                    memory => retrieve(&q[t], memory, head),
                };
                let both = local.iter().zip(remembered);
                mixed.extend(both.map(|(l, r)| (1.0 - gate) * l + gate * r));
            }
            for c in 0..D {
                let right = x[t][c] + mixed.iter().zip(&wo).map(|(m, w)| m * w[c]).sum::<f64>();
                assert!((right - out[t][c]).abs() < 1e-4, "token {t}: {right}, {}", out[t][c]);
            }
        }
    }
}
