//! Fake quantisation: the forward pass uses the rounded weights and activations of the integer
//! network, and the gradient is straight-through.
//!
//! Every activation that enters an integer matrix product is a *site* with a number of fractional
//! bits. Weights need no entry: a channel's scale is the largest power of two that keeps it within
//! eight bits and its shift within range.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use burn::tensor::{Tensor, backend::Backend};
use serde::{Deserialize, Serialize};
use vortex_infer::arithmetic;

use crate::kernels::{FusedOps, fake_quantise};

/// Most fractional bits of a residual stream, the trunk's and the head's.
pub const RESIDUAL_BITS: i32 = 10;
/// Fractional bits of logits, which are logarithms to base 2.
pub const LOG_BITS: i32 = arithmetic::LOG as i32;
/// Largest shift of an integer matrix product.
pub const MAX_SHIFT: i32 = arithmetic::MAX_SHIFT as i32;

/// Fractional bits of every eight-bit activation, by site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuantSpec {
    /// For example `layers.0.ffn.hidden`.
    pub fraction_bits: BTreeMap<String, i32>,
}

/// Values seen at each site, a sample of them.
#[derive(Debug, Default)]
pub struct Observer {
    pub(crate) samples: RefCell<BTreeMap<String, Vec<f32>>>,
    pub(crate) writers: RefCell<Vec<ResidualWriter>>,
}

/// A weight whose product is added to a residual stream.
#[derive(Clone, Debug)]
pub(crate) struct ResidualWriter {
    /// The stream's entry in the [`QuantSpec`].
    pub stream: &'static str,
    /// Site of its input.
    pub input: String,
    /// Fractional bits that keep its largest element within eight bits.
    pub weight_bits: i32,
}

/// The entry of the residual stream that a part of the model writes to.
fn stream(path: &str) -> &'static str {
    if path.starts_with("head.") { "head.residual" } else { "residual" }
}

/// How a forward pass computes, and where in the model it is.
#[derive(Clone, Debug)]
pub struct Numerics<'a> {
    mode: Mode<'a>,
    path: String,
}

#[derive(Clone, Copy, Debug)]
enum Mode<'a> {
    Float,
    Observe(&'a Observer),
    Quantised(&'a QuantSpec),
}

/// Values kept of each site and pass.
const OBSERVED: usize = 1 << 15;

impl<'a> Numerics<'a> {
    /// Plain floats, or rounded with `quant`.
    pub fn new(quant: Option<&'a QuantSpec>) -> Self {
        let mode = quant.map_or(Mode::Float, Mode::Quantised);
        Self { mode, path: String::new() }
    }

    /// Plain floats that are recorded.
    pub fn observing(observer: &'a Observer) -> Self {
        Self { mode: Mode::Observe(observer), path: String::new() }
    }

    /// The same inside a part of the model.
    pub fn inside(&self, part: &str) -> Self {
        Self { mode: self.mode, path: format!("{}{part}.", self.path) }
    }

    /// Fractional bits of a site, when quantised.
    fn bits(&self, spec: &QuantSpec, site: &str) -> i32 {
        let name = format!("{}{site}", self.path);
        *spec.fraction_bits.get(&name).unwrap_or_else(|| panic!("no calibration of {name}"))
    }

    /// An activation that enters a matrix product, `[n, c]`.
    pub fn activation<B: FusedOps>(&self, site: &str, x: Tensor<B, 2>) -> Tensor<B, 2> {
        let [_, width] = x.dims();
        self.columns(&[(site, width)], x)
    }

    /// Several activations side by side, `[n, sum of widths]`.
    pub fn columns<B: FusedOps>(&self, sites: &[(&str, usize)], x: Tensor<B, 2>) -> Tensor<B, 2> {
        match self.mode {
            Mode::Float => x,
            Mode::Observe(observer) => {
                self.observe(observer, sites, &x);
                x
            }
            Mode::Quantised(spec) => {
                let scales: Vec<f32> = sites
                    .iter()
                    .flat_map(|&(site, n)| std::iter::repeat_n(power(self.bits(spec, site)), n))
                    .collect();
                fake_quantise(x, &scales.into())
            }
        }
    }

    /// An activation that uses the scale of a site but does not influence it.
    pub fn like<B: FusedOps>(&self, site: &str, x: Tensor<B, 2>) -> Tensor<B, 2> {
        match self.mode {
            Mode::Quantised(_) => self.activation(site, x),
            Mode::Float | Mode::Observe(_) => x,
        }
    }

    fn observe<B: Backend>(&self, to: &Observer, sites: &[(&str, usize)], x: &Tensor<B, 2>) {
        let [rows, width] = x.dims();
        let data = x.clone().detach().into_data().convert::<f32>();
        let values = data.as_slice::<f32>().expect("just converted");
        let mut samples = to.samples.borrow_mut();
        let mut start = 0;
        for &(site, n) in sites {
            let sample = samples.entry(format!("{}{site}", self.path)).or_default();
            let step = (rows * n).div_ceil(OBSERVED).max(1);
            for row in (0..rows).step_by(step) {
                sample.extend_from_slice(&values[row * width + start..][..n]);
            }
            start += n;
        }
    }

    /// A weight `[in, out]` from a site to several sites or outputs side by side.
    pub fn weight<B: FusedOps>(
        &self,
        weight: Tensor<B, 2>,
        input: &str,
        outputs: &[(Output<'_>, usize)],
    ) -> Tensor<B, 2> {
        let spec = match self.mode {
            Mode::Float => return weight,
            Mode::Observe(observer) => {
                if outputs.iter().any(|(output, _)| matches!(output, Output::Residual)) {
                    observer.writers.borrow_mut().push(ResidualWriter {
                        stream: stream(&self.path),
                        input: format!("{}{input}", self.path),
                        weight_bits: largest_bits(host(&weight).into_iter()),
                    });
                }
                return weight;
            }
            Mode::Quantised(spec) => spec,
        };
        let input = self.bits(spec, input);
        let values = host(&weight);
        let outputs: Vec<i32> = outputs
            .iter()
            .flat_map(|&(output, n)| {
                let bits = match output {
                    Output::Residual => spec.residual_bits(&self.path),
                    Output::Logits => LOG_BITS,
                    Output::Site(site) => self.bits(spec, site),
                };
                std::iter::repeat_n(bits, n)
            })
            .collect();
        let scales: Vec<f32> =
            channel_bits(&values, input, &outputs).into_iter().map(power).collect();
        fake_quantise(weight, &scales.into())
    }

    /// A table with one scale for all entries.
    pub fn table<B: FusedOps>(&self, table: Tensor<B, 2>) -> Tensor<B, 2> {
        let Mode::Quantised(_) = self.mode else { return table };
        let scale = power(largest_bits(host(&table).into_iter()));
        let [_, width] = table.dims();
        fake_quantise(table, &Arc::from(vec![scale; width]))
    }

    /// Rounds shares to 1/256, straight through.
    pub fn share<B: Backend>(&self, x: Tensor<B, 2>) -> Tensor<B, 2> {
        let Mode::Quantised(_) = self.mode else { return x };
        let rounded = (x.clone().detach() * 256.0).round() / 256.0;
        x.clone() + (rounded - x.detach())
    }
}

impl QuantSpec {
    /// Fractional bits of the residual stream that a part of the model writes to.
    pub fn residual_bits(&self, path: &str) -> i32 {
        self.fraction_bits.get(stream(path)).copied().unwrap_or(RESIDUAL_BITS)
    }

    /// Fractional bits of a site.
    ///
    /// # Errors
    /// When the model was not calibrated with this site.
    pub fn bits(&self, site: &str) -> crate::Result<i32> {
        let missing = || crate::Error::Export(format!("no calibration of {site}"));
        self.fraction_bits.get(site).copied().ok_or_else(missing)
    }
}

/// The target of the rounding of a matrix product.
#[derive(Clone, Copy, Debug)]
pub enum Output<'a> {
    /// The residual stream.
    Residual,
    /// Logits.
    Logits,
    /// An eight-bit activation.
    Site(&'a str),
}

/// `2^bits`.
pub fn power(bits: i32) -> f32 {
    (bits as f32).exp2()
}

/// The values of a tensor.
pub(crate) fn host<B: Backend, const D: usize>(tensor: &Tensor<B, D>) -> Vec<f32> {
    tensor.clone().detach().into_data().convert::<f32>().into_vec().expect("just converted")
}

/// The most fractional bits that keep all values within -127..=127.
pub fn largest_bits(values: impl Iterator<Item = f32>) -> i32 {
    let max = values.fold(0.0f32, |m, v| m.max(v.abs()));
    if max == 0.0 { 20 } else { ((127.0 / max).log2().floor() as i32).clamp(-20, 20) }
}

/// Fractional bits of each output channel of a weight `[in, out]`, such that the shift
/// `bits + input - output` is possible in the integer network.
pub fn channel_bits(weight: &[f32], input: i32, outputs: &[i32]) -> Vec<i32> {
    let n_out = outputs.len();
    outputs
        .iter()
        .enumerate()
        .map(|(o, &output)| {
            let column = weight[o..].iter().step_by(n_out).copied();
            let low = output - input;
            largest_bits(column).clamp(low, low + MAX_SHIFT)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_use_their_range_and_keep_shifts_valid() {
        let weight = [0.5, 100.0, 0.0, -0.9, 1.0, 0.0];
        let bits = channel_bits(&weight, 4, &[10, 10, 5]);
        assert_eq!(bits, [7, 6, 20]);
        assert!(0.9 * power(7) <= 127.0 && 0.9 * power(8) > 127.0);
    }
}
