//! Lossless compression of the weights of neural networks.
//!
//! Sign and exponent of a weight are predictable, most of its mantissa is noise. A tensor is coded as
//! records of one field, most significant byte first, with the adaptive integer predictor of
//! vortex-coder: each byte is predicted from the bytes of its weight before it. Nothing is
//! interpreted, so NaN payloads, infinities, denormals and negative zeros come back as they were.
//!
//! ```
//! use vortex_zipnn::{DType, compress_tensor, decompress_tensor};
//!
//! let weights: Vec<u8> = (0..4096).flat_map(|i| (i as f32 * 1e-4 - 0.2).to_le_bytes()).collect();
//! let packed = compress_tensor(&weights, DType::F32)?;
//! assert!(packed.len() < weights.len());
//! assert_eq!(decompress_tensor(&packed)?, weights);
//! # Ok::<(), vortex_zipnn::Error>(())
//! ```
#![forbid(unsafe_code)]

pub use tensor::{compress_tensor, decompress_tensor};
pub use vortex_coder::{DType, Error, Result};

mod tensor;
