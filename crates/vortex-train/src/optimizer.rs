//! AdamW on one flat vector of parameters, and clipping by the global norm.
//!
//! burn's own AdamW clips each tensor by its own norm, makes about fifteen passes over memory per
//! step, and stores its state under random parameter ids. One fused pass over a flat vector is
//! faster on CPUs, is easy to save and resume, and uses the norm of the whole gradient. Devices
//! need one copy of the parameters and of the gradients per step, which is small compared with the
//! work of a step.

use serde::{Deserialize, Serialize};

use crate::error::{Result, TrainError};

/// Optimiser and learning rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimizerConfig {
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Last learning rate as a share of the peak.
    pub final_rate: f64,
    /// Share of the budget spent in linear warm-up.
    pub warmup: f64,
    /// Decoupled weight decay of the parameters with two or more dimensions.
    pub weight_decay: f64,
    /// Decay of the mean gradient.
    pub beta1: f64,
    /// Decay of the mean squared gradient.
    pub beta2: f64,
    /// Added to the root of the mean square.
    pub epsilon: f64,
    /// Largest norm of the whole gradient.
    pub clip_norm: f64,
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self {
            learning_rate: 1e-2,
            final_rate: 0.01,
            warmup: 0.05,
            weight_decay: 0.5,
            beta1: 0.9,
            beta2: 0.95,
            epsilon: 1e-8,
            clip_norm: 1.0,
        }
    }
}

impl OptimizerConfig {
    pub(crate) fn validate(&self) -> Result<()> {
        let check = TrainError::limit::<f64, &str>;
        let unit = |v: f64| (0.0..1.0).contains(&v);
        check(
            self.learning_rate > 0.0 && self.learning_rate <= 1.0,
            "optimizer.learning_rate",
            self.learning_rate,
            "above 0 and at most 1",
        )?;
        let final_ok = (0.0..=1.0).contains(&self.final_rate);
        check(final_ok, "optimizer.final_rate", self.final_rate, "0 to 1")?;
        let warmup_ok = (0.0..=0.9).contains(&self.warmup);
        check(warmup_ok, "optimizer.warmup", self.warmup, "0 to 0.9")?;
        let decay_ok = (0.0..=10.0).contains(&self.weight_decay);
        check(decay_ok, "optimizer.weight_decay", self.weight_decay, "0 to 10")?;
        check(unit(self.beta1), "optimizer.beta1", self.beta1, "0 or more and below 1")?;
        check(unit(self.beta2), "optimizer.beta2", self.beta2, "0 or more and below 1")?;
        check(
            self.epsilon > 0.0 && self.epsilon <= 1.0,
            "optimizer.epsilon",
            self.epsilon,
            "above 0 and at most 1",
        )?;
        check(
            self.clip_norm > 0.0 && !self.clip_norm.is_nan(),
            "optimizer.clip_norm",
            self.clip_norm,
            "above 0 (.inf for no clipping)",
        )
    }
}

/// State of AdamW for `n` parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct AdamW {
    /// Running mean of the gradient, `[n]`.
    pub mean: Vec<f32>,
    /// Running mean of its square, `[n]`.
    pub square: Vec<f32>,
    /// Steps taken.
    pub steps: u64,
}

impl AdamW {
    /// Zero state for `n` parameters.
    pub fn new(n: usize) -> Self {
        Self { mean: vec![0.0; n], square: vec![0.0; n], steps: 0 }
    }

    /// One step (Loshchilov and Hutter, <https://arxiv.org/abs/1711.05101>).
    ///
    /// `ranges` lists the tensors as (range of `params`, whether it decays); `scale` multiplies the gradient.
    pub fn step(
        &mut self,
        config: &OptimizerConfig,
        rate: f64,
        scale: f32,
        params: &mut [f32],
        gradient: &[f32],
        ranges: &[(std::ops::Range<usize>, bool)],
    ) {
        self.steps += 1;
        let t = self.steps.min(1 << 30) as i32;
        let (b1, b2) = (config.beta1 as f32, config.beta2 as f32);
        let step_size = (rate / (1.0 - config.beta1.powi(t))) as f32;
        let square_scale = (1.0 / (1.0 - config.beta2.powi(t))) as f32;
        let epsilon = config.epsilon as f32;
        for (range, decays) in ranges {
            let keep = if *decays { (1.0 - rate * config.weight_decay) as f32 } else { 1.0 };
            let state = self.mean[range.clone()].iter_mut().zip(&mut self.square[range.clone()]);
            let values = params[range.clone()].iter_mut().zip(&gradient[range.clone()]);
            for ((m, v), (p, g)) in state.zip(values) {
                let g = g * scale;
                *m = b1 * *m + (1.0 - b1) * g;
                *v = b2 * *v + (1.0 - b2) * g * g;
                *p = *p * keep - step_size * *m / ((*v * square_scale).sqrt() + epsilon);
            }
        }
    }
}

/// Euclidean norm of the whole gradient, summed in `f64`; not finite if any element is not.
pub fn global_norm(gradient: &[f32]) -> f64 {
    // Chunked partial sums vectorise; their order is fixed, so the result is reproducible.
    gradient
        .chunks(1024)
        .map(|chunk| {
            let mut lanes = [0.0f64; 8];
            for part in chunk.chunks(8) {
                for (lane, g) in lanes.iter_mut().zip(part) {
                    *lane += f64::from(*g) * f64::from(*g);
                }
            }
            lanes.iter().sum::<f64>()
        })
        .sum::<f64>()
        .sqrt()
}

/// Factor that brings a gradient of norm `norm` to at most `limit`.
pub fn clip_factor(norm: f64, limit: f64) -> f32 {
    if norm > limit { (limit / norm) as f32 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norm_is_global() {
        let g = vec![3.0; 5000];
        let norm = global_norm(&g);
        assert!((norm - 3.0 * 5000f64.sqrt()).abs() < 1e-9);
        let f = clip_factor(norm, 1.0);
        let clipped: Vec<f32> = g.iter().map(|x| x * f).collect();
        assert!((global_norm(&clipped) - 1.0).abs() < 1e-6);
        assert_eq!(clip_factor(0.5, 1.0), 1.0);
        assert!(!global_norm(&[1.0, f32::NAN]).is_finite());
    }

    #[test]
    fn matches_the_formula_in_f64() {
        let config = OptimizerConfig { weight_decay: 0.1, ..Default::default() };
        let (mut params, mut adam) = (vec![0.5f32, -0.25, 1.0], AdamW::new(3));
        let ranges = [(0..2, true), (2..3, false)];
        let mut expected = [0.5f64, -0.25, 1.0];
        let (mut m, mut v) = ([0.0f64; 3], [0.0f64; 3]);
        for t in 1..=20 {
            let g: Vec<f32> = (0..3).map(|i| ((t * 7 + i * 3) % 5) as f32 - 2.0).collect();
            adam.step(&config, 0.01, 0.5, &mut params, &g, &ranges);
            for i in 0..3 {
                let gi = 0.5 * f64::from(g[i]);
                m[i] = 0.9 * m[i] + 0.1 * gi;
                v[i] = 0.95 * v[i] + 0.05 * gi * gi;
                let m_hat = m[i] / (1.0 - 0.9f64.powi(t));
                let v_hat = v[i] / (1.0 - 0.95f64.powi(t));
                if i < 2 {
                    expected[i] *= 1.0 - 0.01 * 0.1;
                }
                expected[i] -= 0.01 * m_hat / (v_hat.sqrt() + 1e-8);
            }
        }
        for (p, e) in params.iter().zip(expected) {
            assert!((f64::from(*p) - e).abs() < 1e-5, "{p} {e}");
        }
    }
}
