//! Backends that compute the fused operations as their definition in tensor operations says.

use super::FusedOps;

impl FusedOps for burn::backend::NdArray {}
impl FusedOps for burn::backend::NdArray<f64> {}

#[cfg(feature = "cuda")]
impl FusedOps for burn::backend::Cuda {}

#[cfg(feature = "rocm")]
impl FusedOps for burn::backend::Rocm {}
