//! The reference model: layer normalisation, folded into the weights around it.
//!
//! `layer_norm(x) = gain * rms_norm(x - mean(x)) + bias`. The mean over channels is linear, so it
//! can be subtracted from every part of the residual stream before the parts are summed: from
//! embeddings, positions, and the columns of the matrices that write to the stream. Then the stream
//! has mean 0 and the normalisation is that of the production model. The gain is multiplied into
//! the rows of the next matrix, and the bias times this matrix is a bias of its outputs. All of
//! this is exact except for float rounding, and the integer network needs no layer normalisation.

use burn::module::{Module, Param, ParamId};
use burn::tensor::{Tensor, TensorData, backend::Backend};

use crate::attention::AttentionBias;
use crate::block::Block;
use crate::config::{Architecture, ModelConfig};
use crate::embedding::ScaleSet;
use crate::production::ProductionModel;

/// Gain and bias of a layer normalisation.
#[derive(Module, Debug)]
pub struct LayerNorm<B: Backend> {
    /// `[d]`.
    pub gain: Param<Tensor<B, 1>>,
    /// `[d]`.
    pub bias: Param<Tensor<B, 1>>,
}

/// The normalisations of one block.
#[derive(Module, Debug)]
pub struct BlockNorms<B: Backend> {
    /// Before attention.
    pub attention: LayerNorm<B>,
    /// Before the feed-forward part.
    pub ffn: LayerNorm<B>,
}

/// The normalisations of the reference model.
#[derive(Module, Debug)]
pub struct LayerNorms<B: Backend> {
    /// One for each block of the trunk.
    pub blocks: Vec<BlockNorms<B>>,
    /// Normalisation of the trunk's output.
    pub output: LayerNorm<B>,
}

impl<B: Backend> LayerNorm<B> {
    fn init(d: usize, device: &B::Device) -> Self {
        Self {
            gain: Param::from_tensor(Tensor::ones([d], device)),
            bias: Param::from_tensor(Tensor::zeros([d], device)),
        }
    }

    /// The matrix for the normalised stream without gain, and the bias of its outputs.
    ///
    /// # Shapes
    /// - weight: `[d, n]`, taking `gain * x + bias`
    /// - output: `[d, n]` and `[1, n]`
    fn fold(&self, weight: Tensor<B, 2>) -> (Tensor<B, 2>, Tensor<B, 2>) {
        let bias = self.bias.val().unsqueeze_dim::<2>(0).matmul(weight.clone());
        (weight * self.gain.val().unsqueeze_dim::<2>(1), bias)
    }
}

impl<B: Backend> LayerNorms<B> {
    /// Gains of 1 and biases of 0.
    pub fn init(config: &ModelConfig, device: &B::Device) -> Self {
        let norm = || LayerNorm::init(config.d_model, device);
        let block = |_| BlockNorms { attention: norm(), ffn: norm() };
        Self { blocks: (0..config.n_layers).map(block).collect(), output: norm() }
    }
}

/// Rows without their mean: `[n, d]`.
fn centred<B: Backend>(x: Tensor<B, 2>) -> Tensor<B, 2> {
    let mean = x.clone().mean_dim(1);
    x - mean
}

/// A computed tensor in the place of a parameter.
fn computed<B: Backend>(value: Tensor<B, 2>) -> Param<Tensor<B, 2>> {
    // `Param::from_tensor` would make a new leaf of it.
    Param::initialized(ParamId::new(), value)
}

impl<B: Backend> BlockNorms<B> {
    fn fold(&self, block: &Block<B>) -> Block<B> {
        let mut block = block.clone();
        let attention = &mut block.attention;
        let (wq, q) = self.attention.fold(attention.wq.val());
        let (wkv, kv) = self.attention.fold(attention.wkv.val());
        (attention.wq, attention.wkv) = (computed(wq), computed(wkv));
        attention.wo = computed(centred(attention.wo.val()));
        attention.bias = Some(AttentionBias { q, kv });
        let ffn = &mut block.ffn;
        let (gate_up, bias) = self.ffn.fold(ffn.gate_up.val());
        ffn.gate_up = computed(gate_up);
        ffn.down = computed(centred(ffn.down.val()));
        ffn.bias = Some(bias);
        block
    }
}

impl<B: Backend> ProductionModel<B> {
    /// The production network with the same outputs as this model; the model itself unless it is
    /// the reference. Gradients reach the parameters of this model.
    #[must_use]
    pub fn folded(&self) -> Self {
        let mut model = self.folded_ends();
        model.layers = (0..self.layers.len()).map(|l| self.folded_layer(l)).collect();
        model
    }

    /// One layer of [`Self::folded`].
    pub(crate) fn folded_layer(&self, l: usize) -> Block<B> {
        match &self.layer_norms {
            Some(norms) => norms.blocks[l].fold(&self.layers[l]),
            None => self.layers[l].clone(),
        }
    }

    /// [`Self::folded`] with unchanged layers.
    pub(crate) fn folded_ends(&self) -> Self {
        let mut model = self.clone();
        let Some(norms) = model.layer_norms.take() else { return model };
        let table = model.embedding.table.val();
        model.embedding.table = computed(match &model.embedding.scale {
            // Half of the second set's signs are negative: each half of the channels has no mean.
            ScaleSet::Uniform(_) => {
                let [rows, d] = table.dims();
                let halves = table.reshape([rows, d / 2, 2]);
                let mean = halves.clone().mean_dim(1);
                (halves - mean).reshape([rows, d])
            }
            ScaleSet::Typed(_) | ScaleSet::Unit(_) | ScaleSet::Tdt(_) => centred(table),
        });
        model.field_bias = computed(centred(model.field_bias.val()));
        model.position = model.position.map(|position| computed(centred(position.val())));
        let (input, bias) = norms.output.fold(model.head.input.val());
        model.head.input = computed(input);
        model.head.input_bias = Some(bias);
        model
    }

    /// The trunk's positions of a folded model.
    ///
    /// # Shapes
    /// - output: `[segment, d_model]`
    pub(crate) fn positions(&self) -> Tensor<B, 2> {
        if let Some(position) = &self.position {
            return position.val();
        }
        let d = self.config().d_model;
        let (_, segment) = self.config().window_and_segment(self.spec().n_fields());
        let positions = TensorData::new(crate::position::sinusoids(segment, d), [segment, d]);
        let positions = Tensor::from_data(positions, &self.field_bias.val().device());
        match self.config().architecture {
            Architecture::Optimised => positions,
            Architecture::Reference => centred(positions),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::{NORM_EPSILON, rms_norm};
    use burn::backend::Flex;
    use burn::tensor::Distribution;

    #[test]
    fn folding_is_exact() {
        let (device, d) = (Default::default(), 16);
        let random = |shape: [usize; 2]| {
            Tensor::<Flex, 2>::random(shape, Distribution::Normal(0.5, 1.0), &device)
        };
        let mut norm = LayerNorm::<Flex>::init(d, &device);
        norm.gain = Param::from_tensor(random([1, d]).squeeze_dim(0));
        norm.bias = Param::from_tensor(random([1, d]).squeeze_dim(0));
        let (read, write) = (random([d, 5]), random([7, d]));
        let (h, x) = (random([9, 7]), random([9, d]));

        let stream = x.clone() + h.clone().matmul(write.clone());
        let deviation = centred(stream);
        let variance = (deviation.clone() * deviation.clone()).mean_dim(1);
        let plain = deviation / variance.add_scalar(NORM_EPSILON).sqrt();
        let plain = plain * norm.gain.val().unsqueeze_dim::<2>(0);
        let plain = (plain + norm.bias.val().unsqueeze_dim::<2>(0)).matmul(read.clone());

        let (weight, bias) = norm.fold(read);
        let stream = centred(x) + h.matmul(centred(write));
        let folded = rms_norm(stream).matmul(weight) + bias;
        let largest = (plain - folded).abs().max().into_scalar();
        assert!(largest < 1e-4, "{largest}");
    }
}
