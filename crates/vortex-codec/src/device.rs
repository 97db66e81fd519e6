//! The device that runs the networks of models, by the name that the user gives it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use vortex_gpu::{Device as GpuDevice, Gpu};
use vortex_infer::{Cpu, Execution, Instructions, Several};

use crate::error::{Error, ErrorKind, Result};

/// Where networks code: it changes the speed, never the bytes.
///
/// GPUs need a build with the features `cuda`, `rocm` or `vulkan`. The built-in predictors, and
/// contexts beside a network, always run on the CPU.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// The CPU.
    #[default]
    Cpu,
    /// The first GPU that works, for data that can keep one busy; otherwise the CPU.
    Auto,
    /// A GPU.
    Gpu(GpuDevice),
    /// Several GPUs, which share the blocks: each thread works for one of them.
    Several(Vec<GpuDevice>),
}

impl Device {
    /// Least bytes for which [`Device::Auto`] takes a GPU. A large card wants as many blocks at a time
    /// as it has multiprocessors (132 in an H200), and a block has 1 MiB. An estimate: see
    /// `docs/performance.md`.
    pub const AUTO_BYTES: u64 = 64 << 20;

    /// The execution on this device. `original_bytes` is the length of the data, if it is known.
    ///
    /// # Errors
    /// [`ErrorKind::NotBuilt`] for a GPU that this build cannot use, [`ErrorKind::Device`] for one that
    /// cannot be opened, [`ErrorKind::NoSuchInstructions`].
    pub fn execution(
        &self,
        instructions: Instructions,
        original_bytes: Option<u64>,
    ) -> Result<Arc<dyn Execution>> {
        match self {
            Self::Gpu(device) => Ok(Arc::new(gpu(*device)?)),
            Self::Several(devices) => {
                let opened = devices.iter().map(|device| {
                    let gpu: Box<dyn Execution> = Box::new(gpu(*device)?);
                    Ok(gpu)
                });
                Ok(Arc::new(Several::new(opened.collect::<Result<_>>()?)))
            }
            Self::Auto if original_bytes.is_some_and(|bytes| bytes >= Self::AUTO_BYTES) => {
                let gpus = vortex_gpu::devices().into_iter().filter(|gpu| !gpu.is_cpu);
                let opened = gpus.map(|gpu| gpu.device).find_map(|device| Gpu::open(device).ok());
                match opened {
                    Some(gpu) => Ok(Arc::new(gpu)),
                    None => cpu(instructions),
                }
            }
            Self::Auto | Self::Cpu => cpu(instructions),
        }
    }
}

fn gpu(device: GpuDevice) -> Result<Gpu> {
    if !device.is_built() {
        let message = format!("{device}: this build has no support for it");
        return Err(Error::new(ErrorKind::NotBuilt, message));
    }
    Gpu::open(device).map_err(|error| Error::new(ErrorKind::Device, error.to_string()))
}

fn cpu(instructions: Instructions) -> Result<Arc<dyn Execution>> {
    if instructions.is_available() {
        return Ok(Arc::new(Cpu { instructions }));
    }
    let message = format!("this processor does not have the instructions {}", instructions.name());
    Err(Error::new(ErrorKind::NoSuchInstructions, message))
}

impl FromStr for Device {
    type Err = String;

    /// `cpu`, `auto`, `cuda`, `cuda:N`, `rocm`, `rocm:N`, `vulkan`, `vulkan:N`, or several GPUs with
    /// commas between them.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "cpu" => Ok(Self::Cpu),
            "auto" => Ok(Self::Auto),
            gpus => {
                let gpus = gpus.split(',').map(str::parse).collect::<std::result::Result<_, _>>();
                let gpus: Vec<GpuDevice> = gpus.map_err(|_: String| {
                    "allowed are cpu, cuda, cuda:N, rocm, rocm:N, vulkan, vulkan:N, several of these \
                     GPUs as cuda:0,cuda:1, and auto"
                })?;
                let twice = (0..gpus.len()).find(|i| gpus[..*i].contains(&gpus[*i]));
                match (twice, gpus.as_slice()) {
                    (Some(i), _) => Err(format!("{} is named twice", gpus[i])),
                    (None, [one]) => Ok(Self::Gpu(*one)),
                    (None, _) => Ok(Self::Several(gpus)),
                }
            }
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Auto => f.write_str("auto"),
            Self::Gpu(device) => device.fmt(f),
            Self::Several(devices) => {
                let names: Vec<String> = devices.iter().map(ToString::to_string).collect();
                f.write_str(&names.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["cpu", "auto", "cuda:0", "cuda:3", "rocm:1", "vulkan:0", "cuda:0,cuda:2"] {
            assert_eq!(name.parse::<Device>().unwrap().to_string(), name);
        }
        assert_eq!("vulkan".parse(), Ok(Device::Gpu(GpuDevice::Vulkan(0))));
        let twice = "cuda,rocm:1,cuda:0".parse::<Device>();
        assert_eq!(twice, Err("cuda:0 is named twice".into()));
        for wrong in ["", "gpu", "cpu:0", "auto:1", "cuda:x", "metal", "cuda:0,cpu", "cuda:0,"] {
            assert!(wrong.parse::<Device>().unwrap_err().contains("vulkan:N"), "{wrong}");
        }
    }

    #[test]
    fn small_data_and_plain_builds_stay_on_the_cpu() {
        let instructions = Instructions::detect();
        let name = |device: Device, bytes| device.execution(instructions, bytes).unwrap().name();
        let cpu = name(Device::Cpu, None);
        assert_eq!(cpu, format!("CPU ({})", instructions.name()));
        assert_eq!(name(Device::Auto, None), cpu);
        assert_eq!(name(Device::Auto, Some(Device::AUTO_BYTES - 1)), cpu);
        for device in [GpuDevice::Cuda(0), GpuDevice::Rocm(0), GpuDevice::Vulkan(0)] {
            if !device.is_built() {
                let error = Device::Gpu(device).execution(instructions, None).err().unwrap();
                assert_eq!(error.kind(), ErrorKind::NotBuilt);
                assert!(error.message().contains(&device.to_string()), "{error}");
            }
        }
    }
}
