//! A GPU that was opened.

use vortex_infer::{Checked, Error, Execution, Program, Result};

use crate::device::Device;

/// A GPU as an execution of networks. Models that were loaded on it keep it open.
pub struct Gpu {
    device: Device,
    execution: Box<dyn Execution>,
}

impl Gpu {
    /// Opens a device, after a small test of its memory.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if this build cannot use it, it is not there, or its libraries fail; the message says
    /// what to build or install.
    pub fn open(device: Device) -> Result<Self> {
        open_execution(device).map(|execution| Self { device, execution })
    }

    /// The name that it was opened by.
    pub fn device(&self) -> Device {
        self.device
    }
}

impl Execution for Gpu {
    fn name(&self) -> String {
        self.execution.name()
    }

    fn prepare(&self, network: &Checked) -> Result<Box<dyn Program>> {
        self.execution.prepare(network)
    }
}

/// The devices that this build can use and that are there, with what they are called. Kinds whose libraries are
/// missing have none.
pub fn devices() -> Vec<(Device, String)> {
    let mut found = Vec::new();
    #[allow(unused_mut, unused_variables)] // without features there is no kind
    let mut add = |make: fn(u16) -> Device, names: Vec<String>| {
        found.extend((0..).map(make).zip(names));
    };
    #[cfg(feature = "cuda")]
    add(Device::Cuda, crate::kinds::cuda_names());
    #[cfg(feature = "hip")]
    add(Device::Rocm, crate::kinds::rocm_names());
    #[cfg(feature = "wgpu")]
    add(Device::Vulkan, crate::kinds::vulkan_names());
    found
}

fn open_execution(device: Device) -> Result<Box<dyn Execution>> {
    #[allow(unreachable_patterns)] // with all features, there is an arm for each kind
    match device {
        #[cfg(feature = "wgpu")]
        Device::Vulkan(n) => crate::kinds::open_vulkan(n),
        #[cfg(feature = "cuda")]
        Device::Cuda(n) => crate::kinds::open_cuda(n),
        #[cfg(feature = "hip")]
        Device::Rocm(n) => crate::kinds::open_rocm(n),
        _ => {
            let feature = device.feature();
            Err(unavailable(
                device,
                format!("this build cannot use it: build with the feature {feature}"),
            ))
        }
    }
}

/// The error of a device.
pub(crate) fn unavailable(device: Device, reason: impl Into<String>) -> Error {
    Error::Unavailable { execution: device.to_string(), reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_that_was_not_built_says_what_to_build() {
        for device in [Device::Vulkan(0), Device::Cuda(0), Device::Rocm(0)] {
            if !device.is_built() {
                let error = Gpu::open(device).err().unwrap().to_string();
                assert!(
                    error.contains(&device.to_string()) && error.contains(device.feature()),
                    "{error}"
                );
                assert!(devices().iter().all(|(found, _)| *found != device));
            }
        }
    }
}
