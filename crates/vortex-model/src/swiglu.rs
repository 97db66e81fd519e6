//! SwiGLU feed-forward part.

use burn::module::{Module, Param};
use burn::tensor::{Distribution, Tensor, backend::Backend};

use crate::kernels::{FusedOps, rms_norm, swiglu};
use crate::quant::{Numerics, Output};

/// Configuration of a [`SwiGlu`].
#[derive(Clone, Debug)]
pub struct SwiGluConfig {
    /// Channels in and out.
    pub d_model: usize,
    /// Channels inside.
    pub d_ff: usize,
    /// Residual branches of the network: the output starts smaller by the root of it.
    pub branches: usize,
}

/// `x + down( silu(gate(n)) * up(n) )` with `n = rms_norm(x)`
/// ([Shazeer 2020](https://arxiv.org/abs/2002.05202)). The norm has no gain: the next matrix holds
/// it.
#[derive(Module, Debug)]
pub struct SwiGlu<B: Backend> {
    /// `[d_model, 2 d_ff]`: gate, then up.
    pub gate_up: Param<Tensor<B, 2>>,
    /// `[d_ff, d_model]`.
    pub down: Param<Tensor<B, 2>>,
    /// `[1, 2 d_ff]` of `gate_up`, if a layer normalisation is folded into it.
    pub(crate) bias: Option<Tensor<B, 2>>,
}

/// `x: [n, c]` with a bias `[1, c]`, if there is one.
pub(crate) fn plus<B: Backend>(x: Tensor<B, 2>, bias: Option<&Tensor<B, 2>>) -> Tensor<B, 2> {
    match bias {
        Some(bias) => x + bias.clone(),
        None => x,
    }
}

/// A matrix `[rows, columns]` with entries of deviation `gain / sqrt(rows)`.
pub(crate) fn matrix<B: Backend>(
    shape: [usize; 2],
    gain: f64,
    device: &B::Device,
) -> Param<Tensor<B, 2>> {
    let deviation = gain / (shape[0] as f64).sqrt();
    Param::from_tensor(Tensor::random(shape, Distribution::Normal(0.0, deviation), device))
}

impl SwiGluConfig {
    /// Random weights.
    pub fn init<B: Backend>(&self, device: &B::Device) -> SwiGlu<B> {
        let gain = (self.branches as f64).sqrt().recip();
        SwiGlu {
            gate_up: matrix([self.d_model, 2 * self.d_ff], 1.0, device),
            down: matrix([self.d_ff, self.d_model], gain, device),
            bias: None,
        }
    }
}

impl<B: FusedOps> SwiGlu<B> {
    /// The residual stream after this part.
    ///
    /// # Shapes
    /// - x: `[n, d_model]`
    /// - output: `[n, d_model]`
    pub fn forward(&self, x: Tensor<B, 2>, numerics: &Numerics<'_>) -> Tensor<B, 2> {
        let [d_ff, _] = self.down.dims();
        let q = numerics.activation("norm", rms_norm(x.clone()));
        let outputs = [(Output::Site("gate"), d_ff), (Output::Site("up"), d_ff)];
        let ab = q.matmul(numerics.weight(self.gate_up.val(), "norm", &outputs));
        let ab = plus(ab, self.bias.as_ref());
        let ab = numerics.columns(&[("gate", d_ff), ("up", d_ff)], ab);
        let h = numerics.activation("hidden", swiglu(ab));
        let [_, d_model] = x.dims();
        let outputs = [(Output::Residual, d_model)];
        x + h.matmul(numerics.weight(self.down.val(), "hidden", &outputs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::host;
    use burn::backend::Flex;

    #[test]
    fn equals_its_formula() {
        let device = Default::default();
        let (n, d, f) = (3, 6, 5);
        let part = SwiGluConfig { d_model: d, d_ff: f, branches: 4 }.init::<Flex>(&device);
        let x = Tensor::<Flex, 2>::random([n, d], Distribution::Normal(0.0, 2.0), &device);
        let out = host(&part.forward(x.clone(), &Numerics::new(None)));
        let [x, gate_up, down] = [x, part.gate_up.val(), part.down.val()].map(|t| host(&t));
        for (row, out) in x.chunks(d).zip(out.chunks(d)) {
            let square = row.iter().map(|v| f64::from(v * v)).sum::<f64>() / d as f64;
            let normed: Vec<f64> = row.iter().map(|&v| f64::from(v) / square.sqrt()).collect();
            let product = |column: usize| -> f64 {
                let weights = gate_up[column..].iter().step_by(2 * f);
                normed.iter().zip(weights).map(|(n, &w)| n * f64::from(w)).sum()
            };
            let hidden: Vec<f64> = (0..f)
                .map(|i| {
                    let gate = product(i);
                    gate / (1.0 + (-gate).exp()) * product(f + i)
                })
                .collect();
            for (c, (&x, &out)) in row.iter().zip(out).enumerate() {
                let weights = down[c..].iter().step_by(d);
                let sum: f64 = hidden.iter().zip(weights).map(|(h, &w)| h * f64::from(w)).sum();
                let right = f64::from(x) + sum;
                assert!((right - f64::from(out)).abs() < 1e-4, "{right} and {out}");
            }
        }
    }
}
