//! Named tensors of a PyTorch file, which are taken one after the other; all problems are reported
//! in one error.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use pytorch_reader::{DType, PytorchReader, Tensor};

use crate::error::{Error, Result};

/// A tensor that every checkpoint of the prototype has; the prefix of its name is the path to the
/// state dict (`model.`, and prefixes of PyTorch wrappers).
const ANCHOR: &str = "head.weight";
/// Largest number of problems that an error names.
const NAMED: usize = 8;

/// The tensors of a model that are not taken yet.
pub struct StateDict {
    path: PathBuf,
    tensors: BTreeMap<String, Tensor>,
    problems: Vec<String>,
}

impl std::fmt::Debug for StateDict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StateDict").field("path", &self.path).finish_non_exhaustive()
    }
}

impl StateDict {
    /// Opens a file; reads names and shapes only.
    pub fn open(path: &Path) -> Result<Self> {
        let error = |message: String| Error::Checkpoint { path: path.to_path_buf(), message };
        let reader = PytorchReader::new(path)
            .map_err(|e| error(format!("not a checkpoint that PyTorch wrote ({e})")))?;
        let all = reader.into_tensors();
        let prefixes = || all.keys().filter_map(|name| name.strip_suffix(ANCHOR));
        let inside = |p: &str| p.is_empty() || p.ends_with('.');
        let Some(prefix) = prefixes().filter(|p| inside(p)).min_by_key(|p| p.len()) else {
            let names: Vec<String> = all.keys().cloned().collect();
            let found = some(names.iter());
            return Err(error(format!(
                "no tensor {ANCHOR}: not a checkpoint of the prototype; it holds {found}"
            )));
        };
        let prefix = prefix.to_owned();
        let tensors = all
            .into_iter()
            .filter_map(|(name, tensor)| Some((name.strip_prefix(&prefix)?.to_owned(), tensor)));
        let tensors = tensors.collect();
        Ok(Self { path: path.to_path_buf(), tensors, problems: Vec::new() })
    }

    /// An error about this file.
    pub fn error(&self, message: String) -> Error {
        Error::Checkpoint { path: self.path.clone(), message }
    }

    /// Whether there is such a tensor.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// The first names, for messages.
    pub fn some_names(&self) -> String {
        some(self.tensors.keys())
    }

    /// Removes tensors without reading them; returns their names and shapes.
    pub fn remove(&mut self, chosen: impl Fn(&str) -> bool) -> Vec<(String, Vec<usize>)> {
        let removed = self.tensors.extract_if(.., |name, _| chosen(name));
        removed.map(|(name, tensor)| (name, tensor.shape().to_vec())).collect()
    }

    /// One more than the highest number of a layer.
    pub fn layers(&self) -> usize {
        let number = |name: &String| name.strip_prefix("layers.")?.split('.').next()?.parse().ok();
        let highest: Option<usize> = self.tensors.keys().filter_map(number).max();
        highest.map_or(0, |n| n.saturating_add(1))
    }

    /// An extent of a matrix.
    pub fn rows_or_columns(&self, name: &str, dimension: usize) -> Result<usize> {
        match self.tensors.get(name).map(Tensor::shape) {
            Some(shape) if shape.len() == 2 => Ok(shape[dimension]),
            Some(shape) => Err(self.error(format!("{name} has shape {shape:?}, not a matrix"))),
            None => Err(self.error(format!("{name} is missing"))),
        }
    }

    /// The values of a tensor of this shape, row by row; if there is no such tensor, it returns
    /// zeros and stores the problem.
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Vec<f32> {
        let values = match self.tensors.remove(name) {
            None => Err("is missing".into()),
            Some(tensor) if tensor.shape() != shape => {
                Err(format!("has shape {:?} and should have {shape:?}", tensor.shape()))
            }
            Some(tensor) => values(&tensor),
        };
        values.unwrap_or_else(|problem| {
            self.problems.push(format!("{name} {problem}"));
            vec![0.0; shape.iter().product()]
        })
    }

    /// The first `rows` vectors of a table `[1, n, width]` from row `first` on.
    pub fn take_rows(&mut self, name: &str, first: usize, rows: usize, width: usize) -> Vec<f32> {
        let found = self.tensors.get(name).map(|t| t.shape().to_vec()).unwrap_or_default();
        let enough =
            matches!(found[..], [1, n, w] if w == width && first + rows <= n && n <= 1 << 17);
        let shape = if enough { found } else { vec![1, first + rows, width] };
        let table = self.take(name, &shape);
        table[first * width..(first + rows) * width].to_vec()
    }

    /// Checks that there were no problems and no tensor is left.
    pub fn finish(mut self) -> Result<()> {
        let left = std::mem::take(&mut self.tensors);
        self.problems.extend(left.keys().map(|n| format!("{n} is not of the prototype's models")));
        match self.problems.len() {
            0 => Ok(()),
            n => {
                let more = if n > NAMED { format!("; and {} more", n - NAMED) } else { "".into() };
                self.problems.truncate(NAMED);
                Err(self.error(format!("{}{more}", self.problems.join("; "))))
            }
        }
    }
}

/// A few names.
fn some<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.take(NAMED).map(String::as_str).collect();
    if names.is_empty() { "no tensors".into() } else { names.join(", ") }
}

fn values(tensor: &Tensor) -> std::result::Result<Vec<f32>, String> {
    let bytes = tensor.read().map_err(|e| format!("cannot be read: {e}"))?;
    let values: Vec<f32> = match tensor.dtype() {
        DType::F32 => bytes.as_chunks::<4>().0.iter().map(|b| f32::from_ne_bytes(*b)).collect(),
        DType::F64 => {
            bytes.as_chunks::<8>().0.iter().map(|b| f64::from_ne_bytes(*b) as f32).collect()
        }
        DType::F16 => {
            bytes.as_chunks::<2>().0.iter().map(|b| f16::from_ne_bytes(*b).to_f32()).collect()
        }
        DType::BF16 => {
            bytes.as_chunks::<2>().0.iter().map(|b| bf16::from_ne_bytes(*b).to_f32()).collect()
        }
        other => return Err(format!("holds {other:?}, not floating-point numbers")),
    };
    match values.iter().find(|v| !v.is_finite()) {
        Some(v) => Err(format!("holds {v}")),
        None => Ok(values),
    }
}
