//! Pre-norm transformer block.

use burn::module::Module;
use burn::tensor::{Tensor, backend::Backend};

use crate::attention::{CompressiveAttention, CompressiveAttentionConfig, StreamPlans};
use crate::carry::LayerCarry;
use crate::config::ModelConfig;
use crate::kernels::FusedOps;
use crate::quant::Numerics;
use crate::swiglu::{SwiGlu, SwiGluConfig};

/// Configuration of a [`Block`].
#[derive(Clone, Debug)]
pub struct BlockConfig {
    attention: CompressiveAttentionConfig,
    ffn: SwiGluConfig,
}

/// `x + attention(x)`, then `x + feed-forward(x)`, each on the normalised stream
/// ([Xiong et al. 2020](https://arxiv.org/abs/2002.04745)).
#[derive(Module, Debug)]
pub struct Block<B: Backend> {
    /// Attention part.
    pub attention: CompressiveAttention<B>,
    /// Feed-forward part.
    pub ffn: SwiGlu<B>,
}

impl BlockConfig {
    /// The blocks of a model.
    pub fn new(config: &ModelConfig) -> Self {
        let (d_model, branches) = (config.d_model, 2 * config.n_layers);
        Self {
            attention: CompressiveAttentionConfig {
                d_model,
                n_heads: config.n_heads,
                branches,
                memory: config.memory.clone(),
                initial_gate: config.architecture.initial_gate(),
            },
            ffn: SwiGluConfig { d_model, d_ff: config.d_ff, branches },
        }
    }

    /// Random weights.
    pub fn init<B: Backend>(&self, device: &B::Device) -> Block<B> {
        Block { attention: self.attention.init(device), ffn: self.ffn.init(device) }
    }
}

impl<B: FusedOps> Block<B> {
    /// # Shapes
    /// - x, output: `[sequences * t, d]`
    pub fn forward(
        &self,
        x: Tensor<B, 2>,
        plans: &StreamPlans,
        numerics: &Numerics<'_>,
    ) -> Tensor<B, 2> {
        let x = self.attention.forward(x, plans, numerics);
        self.ffn.forward(x, &numerics.inside("ffn"))
    }

    /// The same for a piece of each sequence.
    ///
    /// # Shapes
    /// - x, output: `[sequences * t, d]`
    pub fn forward_chunk(
        &self,
        x: Tensor<B, 2>,
        carry: &mut LayerCarry<B>,
        numerics: &Numerics<'_>,
    ) -> Tensor<B, 2> {
        let x = self.attention.forward_chunk(x, carry, numerics);
        self.ffn.forward(x, &numerics.inside("ffn"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::AttentionPlan;
    use crate::quant::host;
    use burn::backend::Flex;
    use burn::tensor::Distribution;

    fn block() -> (Block<Flex>, Tensor<Flex, 2>, StreamPlans) {
        let config = ModelConfig { d_model: 16, n_heads: 2, d_ff: 24, ..ModelConfig::default() };
        let device = Default::default();
        let x = Tensor::random([10, 16], Distribution::Normal(0.0, 3.0), &device);
        let local = AttentionPlan::sliding(2, 5, 2, 3);
        (BlockConfig::new(&config).init(&device), x, StreamPlans { local, memory: None })
    }

    fn furthest(a: Tensor<Flex, 2>, b: Tensor<Flex, 2>) -> f32 {
        (a - b).abs().max().into_scalar()
    }

    #[test]
    fn branches_read_the_normalised_stream_and_add_to_the_stream_itself() {
        let (block, x, plans) = block();
        let numerics = Numerics::new(None);
        let attended = block.attention.forward(x.clone(), &plans, &numerics);
        let whole = block.forward(x.clone(), &plans, &numerics);
        let branch = whole.clone() - attended.clone();
        assert!(furthest(block.ffn.forward(attended.clone(), &numerics), whole) < 1e-6);
        // The output of a branch depends only on the direction of the stream, not on its size.
        let added = attended - x.clone();
        let large = block.attention.forward(x.clone() * 8.0, &plans, &numerics) - x.clone() * 8.0;
        assert!(furthest(added.clone(), large) < 1e-3);
        assert!(added.abs().max().into_scalar() > 0.05 && branch.abs().max().into_scalar() > 0.05);
    }

    #[test]
    fn without_outputs_of_its_branches_a_block_is_the_identity() {
        let (mut block, x, plans) = block();
        block.attention.wo = block.attention.wo.map(|w| w.zeros_like());
        block.ffn.down = block.ffn.down.map(|w| w.zeros_like());
        let out = block.forward(x.clone(), &plans, &Numerics::new(None));
        assert_eq!(host(&out), host(&x));
    }
}
