//! A burn module as one flat vector of `f32` and back, and the same for its gradients.
//!
//! Order is the module's own order of visiting, which is fixed by its structure.

use std::ops::Range;

use burn::module::{AutodiffModule, Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::{Tensor, TensorData};

/// The place of one tensor in the flat vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Path of field names, joined by dots.
    pub name: String,
    /// Shape.
    pub shape: Vec<usize>,
    /// Elements of the flat vector.
    pub range: Range<usize>,
}

/// All float parameters of a module, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParameterMap {
    /// One entry per tensor.
    pub parameters: Vec<Parameter>,
}

impl ParameterMap {
    /// Number of parameters in all.
    pub fn len(&self) -> usize {
        self.parameters.last().map_or(0, |p| p.range.end)
    }

    /// Whether there is nothing to train.
    pub fn is_empty(&self) -> bool {
        self.parameters.is_empty()
    }

    /// Ranges for the optimiser: tensors with two or more dimensions decay.
    pub fn decay_ranges(&self) -> Vec<(Range<usize>, bool)> {
        self.parameters.iter().map(|p| (p.range.clone(), p.shape.len() >= 2)).collect()
    }
}

/// The parameters of a module and their map.
pub fn flatten<B: Backend, M: Module<B>>(module: &M) -> (ParameterMap, Vec<f32>) {
    struct Visitor {
        path: Vec<String>,
        map: ParameterMap,
        values: Vec<f32>,
    }
    impl<B: Backend> ModuleVisitor<B> for Visitor {
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.path.push(name.to_string());
        }
        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.pop();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<B, D>>) {
            let data = param.val().into_data();
            let start = self.values.len();
            self.values.extend(data.iter::<f32>());
            self.map.parameters.push(Parameter {
                name: self.path.join("."),
                shape: data.shape.to_vec(),
                range: start..self.values.len(),
            });
        }
    }
    let mut visitor =
        Visitor { path: Vec::new(), map: ParameterMap::default(), values: Vec::new() };
    module.visit(&mut visitor);
    (visitor.map, visitor.values)
}

/// The module with its parameters replaced by fresh leaves of the autodiff graph.
///
/// Two modules loaded this way share no node, so two threads can differentiate at the same time.
/// (In burn, graphs with a common node share one lock.)
///
/// # Panics
/// If `values` is not as long as the module's [`ParameterMap`].
pub fn load<B: Backend, M: Module<B>>(module: M, values: &[f32], device: &B::Device) -> M {
    struct Mapper<'a, B: Backend> {
        rest: &'a [f32],
        device: &'a B::Device,
    }
    impl<B: Backend> ModuleMapper<B> for Mapper<'_, B> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<B, D>>) -> Param<Tensor<B, D>> {
            let (id, tensor, mapper) = param.consume();
            let shape = tensor.shape();
            let (mine, rest) = self.rest.split_at(shape.num_elements());
            self.rest = rest;
            let data = TensorData::new(mine.to_vec(), shape);
            let fresh = Tensor::from_data(data, self.device).require_grad();
            Param::from_mapped_value(id, fresh, mapper)
        }
    }
    let mut mapper = Mapper::<B> { rest: values, device };
    let module = module.map(&mut mapper);
    assert!(mapper.rest.is_empty(), "parameters of another module");
    module
}

/// Adds the gradients of a module's parameters to `sum`; parameters without a gradient add nothing.
pub fn add_gradients<B: AutodiffBackend, M: AutodiffModule<B>>(
    module: &M,
    gradients: &mut B::Gradients,
    sum: &mut [f32],
) {
    struct Visitor<'a, B: AutodiffBackend> {
        gradients: &'a mut B::Gradients,
        rest: &'a mut [f32],
    }
    impl<B: AutodiffBackend> ModuleVisitor<B> for Visitor<'_, B> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<B, D>>) {
            let tensor = param.val();
            let n = tensor.shape().num_elements();
            let rest = std::mem::take(&mut self.rest);
            let (mine, rest) = rest.split_at_mut(n);
            self.rest = rest;
            if let Some(gradient) = tensor.grad_remove(self.gradients) {
                let data = gradient.into_data();
                match data.as_slice::<f32>() {
                    Ok(values) => mine.iter_mut().zip(values).for_each(|(s, g)| *s += g),
                    Err(_) => mine.iter_mut().zip(data.iter::<f32>()).for_each(|(s, g)| *s += g),
                }
            }
        }
    }
    module.visit(&mut Visitor::<B> { gradients, rest: sum });
}
