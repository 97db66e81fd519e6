//! Backends that compute the fused operations as their definition in tensor operations says.

use super::FusedOps;

impl FusedOps for burn::backend::NdArray {}
impl FusedOps for burn::backend::NdArray<f64> {}

#[cfg(feature = "cuda")]
impl<F, I> FusedOps for burn::backend::Cuda<F, I> where Self: burn::tensor::backend::Backend {}

#[cfg(feature = "rocm")]
impl<F, I> FusedOps for burn::backend::Rocm<F, I> where Self: burn::tensor::backend::Backend {}
