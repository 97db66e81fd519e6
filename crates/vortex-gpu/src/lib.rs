//! The integer network on GPUs: an execution of [`vortex_infer`], in one kernel source for NVIDIA, AMD and Vulkan.
//!
//! A network that a GPU runs gives the same integers as [`vortex_infer::definition`], so a file does not depend on where
//! it was coded. The kernel advances all lanes of a block by many symbols in one launch. An encoder gets the intervals of
//! its symbols from it; a decoder's kernel holds the range decoder. Transforms, laws and containers stay on the CPU.
//!
//! Without one of the features `wgpu`, `cuda` and `hip` this crate only knows the names of devices.
//!
//! ```no_run
//! use vortex_gpu::{Device, Gpu};
//! use vortex_infer::IntModel;
//!
//! let gpu = Gpu::open("vulkan:0".parse::<Device>()?)?;
//! let model = IntModel::load(&std::fs::read("model.vxm")?, &gpu)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use device::Device;
pub use gpu::{Found, Gpu, devices};

#[cfg(feature = "kernels")]
mod budget;
#[cfg(feature = "kernels")]
mod coder;
mod device;
mod gpu;
#[cfg(feature = "kernels")]
mod kernel;
#[cfg(feature = "kernels")]
mod kinds;
#[cfg(feature = "kernels")]
mod operation;
#[cfg(feature = "kernels")]
mod order;
#[cfg(feature = "kernels")]
mod packing;
#[cfg(feature = "kernels")]
mod predictor;
#[cfg(feature = "kernels")]
mod prepared;
#[cfg(feature = "kernels")]
mod program;
#[cfg(feature = "kernels")]
mod runtime;
#[cfg(feature = "kernels")]
mod shape;
#[cfg(feature = "text")]
pub mod text;
