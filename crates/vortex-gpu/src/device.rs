//! GPUs by the names that users give them.

use std::str::FromStr;

/// A GPU, by kind and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Device {
    /// Any device with a Vulkan driver, by number: also one that is a processor.
    Vulkan(u16),
    /// An NVIDIA GPU, by number.
    Cuda(u16),
    /// An AMD GPU, by number.
    Rocm(u16),
}

impl FromStr for Device {
    type Err = String;

    /// `vulkan`, `vulkan:1`, `cuda`, `cuda:0`, `rocm:2`; without a number, the first one.
    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, number) = text.split_once(':').unwrap_or((text, "0"));
        let make = match kind {
            "vulkan" => Self::Vulkan,
            "cuda" => Self::Cuda,
            "rocm" => Self::Rocm,
            _ => return Err(unknown(text)),
        };
        number.parse().map(make).map_err(|_| unknown(text))
    }
}

fn unknown(text: &str) -> String {
    format!(
        "no GPU is called {text:?}: allowed are vulkan, cuda and rocm, and vulkan:N, cuda:N and rocm:N with a number"
    )
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Vulkan(n) => write!(f, "vulkan:{n}"),
            Self::Cuda(n) => write!(f, "cuda:{n}"),
            Self::Rocm(n) => write!(f, "rocm:{n}"),
        }
    }
}

impl Device {
    /// The feature of this crate that this kind of device needs.
    pub fn feature(self) -> &'static str {
        match self {
            Self::Vulkan(_) => "wgpu",
            Self::Cuda(_) => "cuda",
            Self::Rocm(_) => "hip",
        }
    }

    /// Whether this build can use this kind of device.
    pub fn is_built(self) -> bool {
        match self {
            Self::Vulkan(_) => cfg!(feature = "wgpu"),
            Self::Cuda(_) => cfg!(feature = "cuda"),
            Self::Rocm(_) => cfg!(feature = "hip"),
        }
    }

    /// What must be installed to use it.
    pub fn needs(self) -> &'static str {
        match self {
            Self::Vulkan(_) => {
                "it needs the Vulkan loader (libvulkan1) and a driver of the GPU; `vulkaninfo` should list it. \
                 Mesa's mesa-vulkan-drivers has drivers for AMD and Intel, and one that uses the processor"
            }
            Self::Cuda(_) => {
                "it needs an NVIDIA GPU, its driver (libcuda), and NVRTC and the headers of the CUDA toolkit, whose \
                 folder CUDA_PATH names (Debian: nvidia-cuda-toolkit; PyPI: nvidia-cuda-nvrtc-cu12 and \
                 nvidia-cuda-runtime-cu12); `nvidia-smi` should list the GPU"
            }
            Self::Rocm(_) => {
                "it needs an AMD GPU, its kernel driver (amdgpu), and ROCm with HIP and hipRTC, whose folder ROCM_PATH \
                 names; `rocminfo` should list the GPU"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for text in ["vulkan:0", "vulkan:3", "cuda:0", "rocm:65535"] {
            assert_eq!(text.parse::<Device>().unwrap().to_string(), text);
        }
        assert_eq!("cuda".parse(), Ok(Device::Cuda(0)));
        for text in ["", "cpu", "cuda:", "cuda:x", "vulkan:-1", "rocm:65536", "cuda:0:1"] {
            let error = text.parse::<Device>().unwrap_err();
            assert!(error.contains("vulkan:N") && error.contains(text), "{error}");
        }
    }
}
