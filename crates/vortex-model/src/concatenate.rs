//! Concatenation that other threads cannot disturb.

use burn::tensor::{Tensor, backend::Backend};

/// [`Tensor::cat`].
///
/// burn's own drops its inputs before it registers what depends on them. At the end of a backward pass in
/// another thread, inputs that nobody holds are taken out of the graph, and their gradient is lost
/// without a word. Here they are held until they are no longer needed.
pub(crate) fn concatenate<B: Backend, const D: usize>(
    tensors: Vec<Tensor<B, D>>,
    dim: usize,
) -> Tensor<B, D> {
    let held = tensors.clone();
    let all = Tensor::cat(tensors, dim);
    drop(held);
    all
}
