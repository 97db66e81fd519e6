//! Number types for computing on a device.

use burn::tensor::DType;
use burn::tensor::backend::Backend;
use serde::{Deserialize, Serialize};

/// Number type of activations, their gradients and matrix products. Weights, sums of gradients and
/// AdamW's state are always 32-bit floats, and so are norms, softmax and costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// bfloat16 if the device supports it, otherwise half precision; single precision on the CPU.
    #[default]
    Auto,
    /// Single precision.
    F32,
    /// bfloat16.
    Bf16,
    /// Half precision, with a scaled loss.
    F16,
}

impl Precision {
    /// The type of numbers on a device; `None` if the device does not support it.
    pub fn on<B: Backend>(self, device: &B::Device) -> Option<DType> {
        let has = |dtype: &DType| B::supports_dtype(device, *dtype);
        match self {
            Self::Auto => [DType::BF16, DType::F16, DType::F32].into_iter().find(has),
            Self::F32 => Some(DType::F32).filter(has),
            Self::Bf16 => Some(DType::BF16).filter(has),
            Self::F16 => Some(DType::F16).filter(has),
        }
    }
}

impl std::fmt::Display for Precision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
        })
    }
}
