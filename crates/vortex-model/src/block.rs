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
