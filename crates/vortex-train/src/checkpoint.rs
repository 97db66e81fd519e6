//! Everything that a run needs to continue, in one safetensors file.
//!
//! Tensors `model.NAME`, `mean.NAME` and `square.NAME` (AdamW's state) for each parameter; one metadata entry,
//! `state`, with the rest as JSON. With `checkpoints.compress` the file is stored compressed
//! under the same name; reading takes either kind.

use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::config::TrainConfig;
use crate::early_stopping::Stalling;
use crate::error::{Result, TrainError};
use crate::files::write_atomically;
use crate::observer::Phase;
use crate::optimizer::AdamW;
use crate::packed;
use crate::parameters::ParameterMap;
use crate::sampler::SamplerState;

/// Version of the `state` entry.
pub const VERSION: u32 = 2;
/// Key of the metadata entry.
const STATE: &str = "state";
/// Largest checkpoint that is read, in bytes.
const MAX_BYTES: u64 = 16 << 30;

/// All state that is not a tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Layout of this entry.
    pub version: u32,
    /// Steps done.
    pub step: u64,
    /// Steps of the optimiser, for its bias correction.
    pub adam_steps: u64,
    /// Seconds of training.
    pub seconds: f64,
    /// Phase of the run.
    pub phase: Phase,
    /// Lowest validation loss of this phase in bits per byte.
    pub best: Option<f64>,
    /// Step at which it was measured.
    pub best_step: u64,
    /// Lowest validation loss of the float phase, once that is over.
    pub float_best: Option<f64>,
    /// Smoothed loss of the last steps in bits per byte.
    pub smooth: Option<f64>,
    /// State of the sampler.
    pub sampler: SamplerState,
    /// Records of each data file.
    pub file_records: Vec<u64>,
    /// Roles coded flat, `[roles]`.
    pub flat: Vec<bool>,
    /// State of the noise detector, `[roles]`.
    pub noise: Vec<bool>,
    /// Counter of validations without an improvement.
    pub stalling: Stalling,
    /// Share of the budget that early stopping left out.
    pub skipped: f64,
    /// How many validations are done.
    pub validations: u64,
    /// Whether the budget is spent and only the model file is missing.
    pub finished: bool,
    /// Scales of the quantised phase, as the model crate writes them.
    pub quant: Option<serde_json::Value>,
    /// Length of the metrics file; what was written later is written again by the resumed run.
    pub metrics_bytes: u64,
    /// Configuration of the run, as YAML: JSON has no infinity, which turns clipping off.
    #[serde(with = "yaml")]
    pub config: TrainConfig,
}

/// A configuration as a string.
mod yaml {
    use super::TrainConfig;
    use serde::{Deserialize, Deserializer, Serializer, de, ser};

    pub fn serialize<S: Serializer>(config: &TrainConfig, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&config.to_yaml().map_err(ser::Error::custom)?)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<TrainConfig, D::Error> {
        let text = String::deserialize(from)?;
        TrainConfig::from_yaml(&text, "of the run").map_err(de::Error::custom)
    }
}

/// A checkpoint in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Everything except the tensors.
    pub state: State,
    /// Flat parameters.
    pub params: Vec<f32>,
    /// State of the optimiser.
    pub adam: AdamW,
}

impl Checkpoint {
    /// Writes the file atomically.
    pub fn save(&self, path: &Path, map: &ParameterMap) -> Result<()> {
        let bad = |message: String| TrainError::Checkpoint { path: path.to_path_buf(), message };
        let groups =
            [("model", &self.params), ("mean", &self.adam.mean), ("square", &self.adam.square)];
        let bytes: Vec<Vec<u8>> = groups
            .iter()
            .map(|(_, values)| values.iter().flat_map(|v| v.to_le_bytes()).collect())
            .collect();
        let mut tensors = Vec::new();
        for ((group, _), bytes) in groups.iter().zip(&bytes) {
            for p in &map.parameters {
                let part = &bytes[p.range.start * 4..p.range.end * 4];
                let view = TensorView::new(Dtype::F32, p.shape.clone(), part)
                    .map_err(|e| bad(format!("tensor {}: {e}", p.name)))?;
                tensors.push((format!("{group}.{}", p.name), view));
            }
        }
        let state = serde_json::to_string(&self.state).map_err(|e| bad(e.to_string()))?;
        let metadata = HashMap::from([(STATE.to_string(), state)]);
        let file =
            safetensors::serialize(tensors, Some(metadata)).map_err(|e| bad(e.to_string()))?;
        if !self.state.config.checkpoints.compress {
            return write_atomically(path, &file);
        }
        write_atomically(path, &packed::pack(&file).map_err(|e| bad(e.to_string()))?)
    }

    /// Reads a file whose tensors must be those of `map`.
    pub fn load(path: &Path, map: &ParameterMap) -> Result<Self> {
        let bad = |message: String| TrainError::Checkpoint { path: path.to_path_buf(), message };
        let bytes = read(path)?;
        let state = state_of(path, &bytes)?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|e| bad(e.to_string()))?;
        let mut groups = Vec::new();
        for group in ["model", "mean", "square"] {
            let mut values = vec![0f32; map.len()];
            for p in &map.parameters {
                let name = format!("{group}.{}", p.name);
                let tensor = tensors.tensor(&name).map_err(|_| {
                    bad(format!("tensor {name} is missing: it is the checkpoint of another model"))
                })?;
                if tensor.shape() != p.shape || tensor.dtype() != Dtype::F32 {
                    return Err(bad(format!(
                        "tensor {name} is {:?} {:?}, but the model needs F32 {:?}",
                        tensor.dtype(),
                        tensor.shape(),
                        p.shape
                    )));
                }
                let words = tensor.data().as_chunks::<4>().0;
                for (value, word) in values[p.range.clone()].iter_mut().zip(words) {
                    *value = f32::from_le_bytes(*word);
                }
            }
            groups.push(values);
        }
        let [params, mean, square] = <[Vec<f32>; 3]>::try_from(groups)
            .map_err(|_| bad("three groups of tensors are needed".into()))?;
        let steps = state.adam_steps;
        Ok(Self { state, params, adam: AdamW { mean, square, steps } })
    }

    /// Reads only the metadata, which is needed before the model can be created.
    pub fn load_state(path: &Path) -> Result<State> {
        state_of(path, &read(path)?)
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let size = std::fs::metadata(path).map_err(TrainError::io("read", path))?.len();
    if size > MAX_BYTES {
        return Err(TrainError::Checkpoint {
            path: path.to_path_buf(),
            message: format!("{size} bytes, but at most {MAX_BYTES} are read"),
        });
    }
    let file = std::fs::read(path).map_err(TrainError::io("read", path))?;
    packed::unpack(file, MAX_BYTES)
        .map_err(|e| TrainError::Checkpoint { path: path.to_path_buf(), message: e.to_string() })
}

fn state_of(path: &Path, bytes: &[u8]) -> Result<State> {
    let bad = |message: String| TrainError::Checkpoint { path: path.to_path_buf(), message };
    let (_, metadata) = SafeTensors::read_metadata(bytes)
        .map_err(|e| bad(format!("not a safetensors file ({e})")))?;
    let text =
        metadata.metadata().as_ref().and_then(|m| m.get(STATE)).ok_or_else(|| {
            bad("the `state` entry is missing: not written by a training run".into())
        })?;
    let damaged = |e| bad(format!("the `state` entry is damaged: {e}"));
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let Version { version } = serde_json::from_str(text).map_err(damaged)?;
    if version != VERSION {
        return Err(bad(format!("state version {version} is not known here ({VERSION} is)")));
    }
    serde_json::from_str(text).map_err(damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::Parameter;

    fn example() -> (ParameterMap, Checkpoint) {
        let map = ParameterMap {
            parameters: vec![
                Parameter { name: "a.weight".into(), shape: vec![2, 3], range: 0..6 },
                Parameter { name: "b".into(), shape: vec![2], range: 6..8 },
            ],
        };
        let mut config = TrainConfig::default();
        config.optimizer.clip_norm = f64::INFINITY;
        let ramp = |k: f32| (0..8).map(|i| i as f32 * k).collect::<Vec<_>>();
        let checkpoint = Checkpoint {
            state: State {
                version: VERSION,
                step: 5,
                adam_steps: 5,
                seconds: 1.25,
                phase: Phase::Quantised,
                best: Some(4.0625),
                best_step: 3,
                float_best: None,
                smooth: Some(0.1 + 0.2),
                sampler: SamplerState { rng: "ab".into(), places: vec![(1, 2), (0, 3)] },
                file_records: vec![10, 20],
                flat: vec![true, false],
                noise: vec![false, true],
                stalling: Stalling { reference: Some(4.5), validations: 1 },
                skipped: 0.25,
                validations: 2,
                finished: false,
                quant: None,
                metrics_bytes: 99,
                config,
            },
            params: ramp(0.1),
            adam: AdamW { mean: ramp(-0.3), square: ramp(1e-30), steps: 5 },
        };
        (map, checkpoint)
    }

    #[test]
    fn comes_back_bit_for_bit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.safetensors");
        let (map, checkpoint) = example();
        checkpoint.save(&path, &map).unwrap();
        assert_eq!(Checkpoint::load(&path, &map).unwrap(), checkpoint);
        assert_eq!(Checkpoint::load_state(&path).unwrap(), checkpoint.state);
    }

    #[test]
    fn compressed_ones_come_back_too_and_are_smaller() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.safetensors");
        let (mut map, mut checkpoint) = example();
        map.parameters[1] = Parameter { name: "b".into(), shape: vec![5000], range: 6..5006 };
        let ramp = |k: f32| (0..5006).map(|i| (i as f32 * k).sin()).collect::<Vec<_>>();
        checkpoint.params = ramp(0.3);
        checkpoint.adam = AdamW { mean: ramp(1e-9), square: ramp(0.7), steps: 5 };
        checkpoint.save(&path, &map).unwrap();
        let plain = std::fs::metadata(&path).unwrap().len();
        checkpoint.state.config.checkpoints.compress = true;
        checkpoint.save(&path, &map).unwrap();
        assert!(std::fs::metadata(&path).unwrap().len() * 10 < plain * 9);
        assert_eq!(Checkpoint::load(&path, &map).unwrap(), checkpoint);
        assert_eq!(Checkpoint::load_state(&path).unwrap(), checkpoint.state);
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let error = Checkpoint::load(&path, &map).unwrap_err().to_string();
        assert!(error.contains("c.safetensors") && error.contains("checksum"), "{error}");
    }

    #[test]
    fn another_model_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.safetensors");
        let (mut map, checkpoint) = example();
        checkpoint.save(&path, &map).unwrap();
        map.parameters[0].shape = vec![3, 2];
        let error = Checkpoint::load(&path, &map).unwrap_err().to_string();
        assert!(error.contains("model.a.weight") && error.contains("[2, 3]"), "{error}");
        map.parameters[0].name = "other".into();
        let error = Checkpoint::load(&path, &map).unwrap_err().to_string();
        assert!(error.contains("model.other is missing"), "{error}");
    }

    #[test]
    fn damage_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.safetensors");
        let (map, checkpoint) = example();
        checkpoint.save(&path, &map).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for cut in 0..bytes.len() {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            assert!(Checkpoint::load(&path, &map).is_err(), "cut at {cut}");
        }
        std::fs::write(&path, b"hello").unwrap();
        assert!(Checkpoint::load_state(&path).is_err());
    }
}
