//! Gradient checkpointing: the backward pass runs one layer at a time, from layer inputs that a
//! forward pass without gradients has stored ([Chen et al.
//! 2016](https://arxiv.org/abs/1604.06174)).
//!
//! Memory holds one input per layer and the intermediate results of one layer, instead of those of
//! all layers; each layer is computed twice.

use burn::module::AutodiffModule;
use burn::tensor::Tensor;
use burn::tensor::backend::AutodiffBackend;

use crate::batch::Batch;
use crate::kernels::FusedOps;
use crate::production::ProductionModel;
use crate::quant::{Numerics, QuantSpec, host};

impl<B> ProductionModel<B>
where
    B: AutodiffBackend + FusedOps,
    B::InnerBackend: FusedOps,
{
    /// Mean bits per symbol, as in [`ProductionModel::loss`]; `take` gets the gradients of the
    /// parameters in parts. Their sum is the gradient times `scale`.
    ///
    /// # Panics
    /// As [`ProductionModel::loss`].
    pub fn backward_by_layers(
        &self,
        batch: &Batch,
        quant: Option<&QuantSpec>,
        scale: f32,
        mut take: impl FnMut(B::Gradients),
    ) -> f64 {
        let numerics = Numerics::new(quant);
        let layer_numerics = |l: usize| numerics.inside(&format!("layers.{l}"));
        let mut inputs = Vec::with_capacity(self.layers.len() + 1);
        {
            let plain = self.valid().folded();
            let mut x = plain.embed(&batch.trunk, &numerics);
            for (l, layer) in plain.layers.iter().enumerate() {
                inputs.push(x.clone());
                x = layer.forward(x, &batch.streams, &layer_numerics(l));
            }
            inputs.push(x);
        }
        let leaf = |x| Tensor::<B, 2>::from_inner(x).require_grad();
        let mut backward = |loss: Tensor<B, 1>, x: Option<&Tensor<B, 2>>| {
            let mut gradients = loss.backward();
            let passed_on = x.and_then(|x| x.grad_remove(&mut gradients));
            take(gradients);
            passed_on
        };
        let x = leaf(inputs.pop().expect("the trunk has an output"));
        let bits = self.folded_ends().cost(x.clone(), batch, &numerics).mean_bits;
        let mean_bits = f64::from(host(&bits)[0]);
        let mut gradient = backward(bits * scale, Some(&x));
        // If `g` is the gradient of `y`, the chain rule needs the gradient of `sum(y * g)`.
        let chain = |y: Tensor<B, 2>, g| (y * Tensor::from_inner(g)).sum();
        for (l, x) in inputs.into_iter().enumerate().rev() {
            let Some(g) = gradient else { return mean_bits };
            let x = leaf(x);
            let y = self.folded_layer(l).forward(x.clone(), &batch.streams, &layer_numerics(l));
            gradient = backward(chain(y, g), Some(&x));
        }
        if let Some(g) = gradient {
            let y = self.folded_ends().embed(&batch.trunk, &numerics);
            backward(chain(y, g), None);
        }
        mean_bits
    }
}
