//! Dynamic loss scaling for half precision
//! ([Micikevicius et al. 2018](https://arxiv.org/abs/1710.03740), section 3.2).
//!
//! Gradients below 6e-8 are zero in half precision, so the loss is multiplied by a power of two before it is
//! differentiated, and the gradient divided by it in single precision. A step whose gradient overflows is
//! computed again with half the scale, so no batch is skipped and no parameter changes meanwhile.

use burn::tensor::backend::Backend;
use burn::tensor::{FloatDType, get_device_settings};

use crate::workers::StepOutput;

/// Scale at the start.
const START: f32 = 65_536.0;
/// Highest scale.
const HIGHEST: f32 = 16_777_216.0;
/// Steps without overflow after which the scale is doubled.
const PATIENCE: u32 = 2000;

/// The scale of the loss, and the number of steps without overflow.
///
/// It is not part of checkpoints: a resumed run starts with a new one.
#[derive(Clone, Debug, PartialEq)]
pub struct LossScaler {
    /// `None` if small gradients do not become zero: then the scale is 1.
    scale: Option<f32>,
    good: u32,
}

impl LossScaler {
    /// Scales if the device computes in half precision.
    pub fn for_device<B: Backend>(device: &B::Device) -> Self {
        if get_device_settings::<B>(device).float_dtype == FloatDType::F16 {
            Self::scaling()
        } else {
            Self { scale: None, good: 0 }
        }
    }

    /// A scale that is used.
    pub fn scaling() -> Self {
        Self { scale: Some(START), good: 0 }
    }

    /// Factor of the loss.
    pub fn scale(&self) -> f32 {
        self.scale.unwrap_or(1.0)
    }

    /// The true gradient from a function that computes it times a scale.
    ///
    /// It is finite unless the loss is not finite or the scale is 1.
    pub fn unscaled(&mut self, mut scaled: impl FnMut(f32) -> StepOutput) -> StepOutput {
        loop {
            let scale = self.scale();
            let mut output = scaled(scale);
            let finite = output.gradient.iter().all(|g| g.is_finite());
            if self.scale.is_none() {
                return output;
            }
            if !finite && output.mean_bits.is_finite() && scale > 1.0 {
                self.scale = Some(scale / 2.0);
                self.good = 0;
                continue;
            }
            output.gradient.iter_mut().for_each(|g| *g /= scale);
            self.good += 1;
            if self.good >= PATIENCE && finite {
                self.scale = Some((scale * 2.0).min(HIGHEST));
                self.good = 0;
            }
            return output;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizer::{AdamW, OptimizerConfig};

    /// The gradient `g * scale` in half precision: above 65504 it is infinite, below 2^-24 zero.
    fn half(g: &[f32], scale: f32) -> StepOutput {
        let round = |g: &f32| half::f16::from_f32(g * scale).to_f32();
        StepOutput { mean_bits: 5.0, gradient: g.iter().map(round).collect() }
    }

    #[test]
    fn overflow_halves_until_it_fits() {
        let mut scaler = LossScaler::scaling();
        let mut scales = Vec::new();
        let output = scaler.unscaled(|scale| {
            scales.push(scale);
            half(&[4.0, -0.5], scale)
        });
        assert_eq!(scales, [65_536.0, 32_768.0, 16_384.0, 8192.0]);
        assert_eq!((output.gradient, scaler.scale()), (vec![4.0, -0.5], 8192.0));
    }

    #[test]
    fn small_gradients_survive() {
        let tiny = 1e-8;
        assert_eq!(half(&[tiny], 1.0).gradient, [0.0]);
        let output = LossScaler::scaling().unscaled(|scale| half(&[tiny], scale));
        assert!((output.gradient[0] / tiny - 1.0).abs() < 1e-3);
    }

    #[test]
    fn grows_after_good_steps_and_an_overflow_starts_the_count_anew() {
        let mut scaler = LossScaler { scale: Some(1024.0), good: 0 };
        for _ in 1..PATIENCE {
            scaler.unscaled(|scale| half(&[0.1], scale));
        }
        assert_eq!(scaler.scale(), 1024.0);
        let mut injected = true;
        scaler.unscaled(|scale| {
            half(&[if std::mem::take(&mut injected) { f32::INFINITY } else { 0.1 }], scale)
        });
        assert_eq!(scaler.scale(), 512.0);
        for _ in 1..PATIENCE {
            scaler.unscaled(|scale| half(&[0.1], scale));
        }
        assert_eq!(scaler.scale(), 1024.0);
        scaler = LossScaler { scale: Some(HIGHEST), good: PATIENCE };
        scaler.unscaled(|scale| half(&[1e-6], scale));
        assert_eq!(scaler.scale(), HIGHEST);
    }

    #[test]
    fn an_overflow_moves_no_parameter() {
        let config = OptimizerConfig::default();
        let step = |overflows: usize| {
            let (mut params, mut adam) = (vec![1.0f32, 2.0], AdamW::new(2));
            let mut scaler = LossScaler::scaling();
            let mut left = overflows;
            let output = scaler.unscaled(|scale| {
                if left > 0 {
                    left -= 1;
                    return half(&[f32::NAN, 0.25], scale);
                }
                half(&[0.5, 0.25], scale)
            });
            adam.step(&config, 0.1, 1.0, &mut params, &output.gradient, &[(0..2, true)]);
            (params, adam, scaler.scale())
        };
        let (params, adam, scale) = step(3);
        assert_eq!((&params, &adam), (&step(0).0, &step(0).1));
        assert_eq!((scale, adam.steps), (START / 8.0, 1));
    }

    #[test]
    fn what_scaling_cannot_help_is_handed_on() {
        let mut scaler = LossScaler::scaling();
        let lost =
            scaler.unscaled(|_| StepOutput { mean_bits: f64::NAN, gradient: vec![f32::NAN] });
        assert!(lost.gradient[0].is_nan() && scaler.scale() == START);
        let lost = scaler.unscaled(|scale| half(&[f32::INFINITY], scale));
        assert!(!lost.gradient[0].is_finite() && scaler.scale() == 1.0);
        let mut off = LossScaler { scale: None, good: 0 };
        let output = off.unscaled(|scale| half(&[0.5], scale));
        assert_eq!((output.gradient, off.scale()), (vec![0.5], 1.0));
    }
}
