//! Concatenation that other threads cannot disturb.

use burn::tensor::{Tensor, backend::Backend};

/// [`Tensor::cat`].
///
/// burn's version drops its inputs before it registers the result. When a backward pass in another
/// thread ends, it removes inputs without an owner from the graph, and their gradient is lost
/// without an error. This version keeps the inputs until they are no longer needed.
pub(crate) fn concatenate<B: Backend, const D: usize>(
    tensors: Vec<Tensor<B, D>>,
    dim: usize,
) -> Tensor<B, D> {
    let held = tensors.clone();
    let all = Tensor::cat(tensors, dim);
    drop(held);
    all
}
