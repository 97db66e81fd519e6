//! Backends that use the definition of the fused operations in tensor operations.

use super::FusedOps;

impl FusedOps for burn::backend::NdArray {}
impl FusedOps for burn::backend::NdArray<f64> {}

#[cfg(feature = "cuda")]
impl FusedOps for burn::backend::Cuda {}

#[cfg(feature = "rocm")]
impl FusedOps for burn::backend::Rocm {}
