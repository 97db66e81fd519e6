//! Parameters by name, for checkpoints.

use std::collections::HashMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData, backend::Backend};

use crate::error::{Error, Result};
use crate::production::ProductionModel;

/// Name (path of fields joined by dots), shape and values of a parameter.
pub type NamedTensor = (String, Vec<usize>, Vec<f32>);

#[derive(Default)]
struct Path(Vec<String>);

impl Path {
    fn name(&self) -> String {
        self.0.join(".")
    }
}

struct Collect {
    path: Path,
    tensors: Vec<NamedTensor>,
}

impl<B: Backend> ModuleVisitor<B> for Collect {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.0.push(name.into());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.0.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<B, D>>) {
        let tensor = param.val();
        let shape = tensor.dims().to_vec();
        self.tensors.push((self.path.name(), shape, crate::quant::host(&tensor)));
    }
}

struct Replace {
    path: Path,
    tensors: HashMap<String, (Vec<usize>, Vec<f32>)>,
    problem: Option<Error>,
}

impl<B: Backend> ModuleMapper<B> for Replace {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.0.push(name.into());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.0.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<B, D>>) -> Param<Tensor<B, D>> {
        let name = self.path.name();
        let shape = param.val().dims().to_vec();
        let device = param.val().device();
        let found = self.tensors.remove(&name);
        let problem = match found {
            None => "is missing".into(),
            Some((given, _)) if given != shape => {
                format!("has shape {given:?}, the model needs {shape:?}")
            }
            Some((_, values)) if values.len() != shape.iter().product::<usize>() => {
                format!("has {} values for shape {shape:?}", values.len())
            }
            Some((_, values)) => {
                let (id, _, mapper) = param.consume();
                let tensor = Tensor::from_data(TensorData::new(values, shape), &device);
                return Param::from_mapped_value(id, tensor.require_grad(), mapper);
            }
        };
        self.problem.get_or_insert(Error::Tensor { name, problem });
        param
    }
}

impl<B: Backend> ProductionModel<B> {
    /// All parameters, in a fixed order.
    pub fn to_tensors(&self) -> Vec<NamedTensor> {
        let mut collect = Collect { path: Path::default(), tensors: Vec::new() };
        self.visit(&mut collect);
        collect.tensors
    }

    /// The same model with these parameters, as fresh leaves of the autodiff graph.
    ///
    /// # Errors
    /// [`Error::Tensor`] when one is missing, left over, or of another shape.
    pub fn load_tensors(self, tensors: Vec<NamedTensor>) -> Result<Self> {
        let tensors = tensors.into_iter().map(|(name, shape, values)| (name, (shape, values)));
        let path = Path::default();
        let mut replace = Replace { path, tensors: tensors.collect(), problem: None };
        let model = self.map(&mut replace);
        if let Some(problem) = replace.problem {
            return Err(problem);
        }
        match replace.tensors.into_keys().min() {
            None => Ok(model),
            Some(name) => Err(Error::Tensor { name, problem: "is not of this model".into() }),
        }
    }
}
