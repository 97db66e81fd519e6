//! The prototype's tensors as this crate's parameters, name by name.

use std::collections::HashMap;
use std::f32::consts::LOG2_E;

use super::state_dict::StateDict;
use crate::config::{Architecture, EmbeddingKind, ModelConfig};
use crate::error::{Error, Result};
use crate::kernels::NORM_EPSILON;
use crate::tdt;
use crate::tensors::NamedTensor;

/// Added to the variance in PyTorch's layer normalisation.
const LAYER_NORM_EPSILON: f32 = 1e-5;
/// Values of a byte.
const SYMBOLS: usize = 256;

/// The parameters of a new model, replaced by the values of the prototype.
pub fn convert(
    state: StateDict,
    config: &ModelConfig,
    mut parameters: Vec<NamedTensor>,
) -> Result<Vec<NamedTensor>> {
    let mut converter = Converter {
        state,
        config,
        stream: match config.architecture {
            Architecture::Optimised => 1.0,
            Architecture::Reference => (NORM_EPSILON / LAYER_NORM_EPSILON).sqrt(),
        },
        values: HashMap::new(),
    };
    let rows = |name| parameters.iter().find(|p| p.0 == name).map_or(0, |p| p.1[0]);
    converter.embedding(rows("position"));
    for l in 0..config.n_layers {
        converter.layer(l);
    }
    converter.head(rows("head.out_bias"));
    let Converter { state, mut values, .. } = converter;
    state.finish()?;
    for (name, shape, value) in &mut parameters {
        if let Some(converted) = values.remove(name) {
            *value = converted;
        } else if adds(name) {
            *value = vec![0.0; shape.iter().product()];
        }
    }
    match values.into_keys().min() {
        None => Ok(parameters),
        Some(name) => Err(Error::Tensor { name, problem: "is not of this model".into() }),
    }
}

/// Whether a parameter without a counterpart in the prototype would change the output.
fn adds(name: &str) -> bool {
    ["field_bias", "head.reference.table", "head.role_bias", "head.ffn.down"].contains(&name)
        || name.starts_with("head.copy")
}

struct Converter<'a> {
    state: StateDict,
    config: &'a ModelConfig,
    /// Factor of everything that writes to the residual stream.
    stream: f32,
    /// Parameters by name.
    values: HashMap<String, Vec<f32>>,
}

impl Converter<'_> {
    fn set(&mut self, name: impl Into<String>, values: Vec<f32>) {
        self.values.insert(name.into(), values);
    }

    /// The same for a parameter that writes to the residual stream.
    fn set_written(&mut self, name: impl Into<String>, mut values: Vec<f32>) {
        values.iter_mut().for_each(|v| *v *= self.stream);
        self.set(name, values);
    }

    fn embedding(&mut self, positions: usize) {
        let d = self.config.d_model;
        let mut first = 0;
        let table = if self.config.embedding == EmbeddingKind::Tdt {
            let shares = self.state.take("embed.type_scale", &[tdt::TABLES]);
            self.set("embedding.scale.Tdt.gate", shares);
            // The prototype chooses the table by the place in the window, and we by the place of
            // the previous byte in the record; with an offset of three places both agree.
            first = tdt::TABLES - 1;
            let name = |i| format!("embed.embeds.{i}.weight");
            let tables = (0..tdt::TABLES).flat_map(|i| self.state.take(&name(i), &[SYMBOLS, d]));
            // Its shares sum to 1, ours to the number of tables.
            tables.map(|v| v / tdt::TABLES as f32).collect()
        } else {
            self.state.take("embed.weight", &[SYMBOLS, d])
        };
        self.set_written("embedding.table", table);
        let positions = self.state.take_rows("pe.pe", first, positions, d);
        self.set_written("position", positions);
    }

    fn layer(&mut self, l: usize) {
        let (d, f) = (self.config.d_model, self.config.d_ff);
        let there = |part: &str| format!("layers.{l}.{part}");
        let here = there;

        let gain = self.norm(&there("ln1"), &format!("layer_norms.blocks.{l}.attention"));
        let qkv = self.state.take(&there("attn.qkv.weight"), &[3 * d, d]);
        let (q, kv) = qkv.split_at(d * d);
        self.set(here("attention.wq"), reading(q, &gain));
        self.set(here("attention.wkv"), reading(kv, &gain));
        let out = self.state.take(&there("attn.out.weight"), &[d, d]);
        self.set_written(here("attention.wo"), transposed(&out, d));

        let gain = self.norm(&there("ln2"), &format!("layer_norms.blocks.{l}.ffn"));
        let gate = self.state.take(&there("ff.gate.weight"), &[f, d]);
        let up = self.state.take(&there("ff.up.weight"), &[f, d]);
        self.set(here("ffn.gate_up"), reading(&[gate, up].concat(), &gain));
        let down = self.state.take(&there("ff.down.weight"), &[d, f]);
        self.set_written(here("ffn.down"), transposed(&down, f));
    }

    /// Reads a normalisation of a block; returns the gain for the next matrix.
    fn norm(&mut self, there: &str, here: &str) -> Vec<f32> {
        let d = self.config.d_model;
        match self.config.architecture {
            Architecture::Optimised => self.state.take(&format!("{there}.scale"), &[d]),
            Architecture::Reference => {
                let gain = self.state.take(&format!("{there}.weight"), &[d]);
                let bias = self.state.take(&format!("{there}.bias"), &[d]);
                self.set(format!("{here}.gain"), gain);
                self.set(format!("{here}.bias"), bias);
                vec![1.0; d]
            }
        }
    }

    /// Here two normalisations follow each other, so the gain and bias of the prototype's last one
    /// belong to the output matrix.
    fn head(&mut self, roles: usize) {
        let d = self.config.d_model;
        let mut gain = self.norm("ln_f", "layer_norms.output");
        let mut bias = vec![0.0; d];
        if let Some(of_output) = self.values.remove("layer_norms.output.gain") {
            gain = of_output;
            bias = self.values.remove("layer_norms.output.bias").unwrap_or(bias);
        }
        let mut weight = self.state.take("head.weight", &[SYMBOLS, d]);
        weight.iter_mut().for_each(|v| *v *= LOG2_E);
        let bias: Vec<f32> = weight
            .chunks_exact(d)
            .map(|row| row.iter().zip(&bias).map(|(w, b)| w * b).sum())
            .collect();
        self.set("head.out_bias", bias.repeat(roles));
        let out = reading(&weight, &gain);
        let classes = if self.config.embedding == EmbeddingKind::Tdt { tdt::TABLES } else { 1 };
        for class in 0..classes {
            self.set(format!("head.out.{class}"), out.clone());
        }
        let identity = (0..d * d).map(|i| f32::from(i % (d + 1) == 0));
        self.set("head.input", identity.collect());
    }
}

/// `[rows, columns]` as `[columns, rows]`.
fn transposed(matrix: &[f32], columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|c| matrix[c..].iter().step_by(columns).copied()).collect()
}

/// PyTorch's weight `[outputs, d]` as `[d, outputs]`, for a stream without the gain `[d]`.
fn reading(weight: &[f32], gain: &[f32]) -> Vec<f32> {
    let d = gain.len();
    let column = |c: usize| weight[c..].iter().step_by(d).map(move |w| w * gain[c]);
    (0..d).flat_map(column).collect()
}
