//! The kinds of devices of this build: how they are found and opened.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};

use cubecl::prelude::Runtime;
use vortex_infer::{Execution, Result};

use crate::device::Device;
use crate::gpu::unavailable;
use crate::program::OnRuntime;
use crate::runtime::Opened;

/// What CubeCL tells of these devices.
#[cfg(feature = "cuda")]
const NVIDIA: &str = "NVIDIA GPU";
#[cfg(feature = "hip")]
const AMD: &str = "AMD GPU";

#[cfg(feature = "wgpu")]
use cubecl::wgpu::{AutoGraphicsApi, GraphicsApi, WgpuDevice, WgpuRuntime};

/// The names of the devices of the graphics interface (Vulkan; Metal on a Mac), in the order of its loader, and how
/// CubeCL counts them.
#[cfg(feature = "wgpu")]
fn graphics_devices() -> Vec<(String, WgpuDevice)> {
    let backend = AutoGraphicsApi::backend();
    let adapters = quietly(|| {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
            backends: backend.into(),
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        });
        cubecl::future::block_on(instance.enumerate_adapters(backend.into()))
    });
    let mut of_type = [0; 3];
    let mut next = |n: usize| {
        of_type[n] += 1;
        of_type[n] - 1
    };
    let device = |adapter: wgpu::Adapter| {
        let info = adapter.get_info();
        let device = match info.device_type {
            wgpu::DeviceType::DiscreteGpu => WgpuDevice::DiscreteGpu(next(0)),
            wgpu::DeviceType::IntegratedGpu => WgpuDevice::IntegratedGpu(next(1)),
            wgpu::DeviceType::VirtualGpu => WgpuDevice::VirtualGpu(next(2)),
            wgpu::DeviceType::Cpu => WgpuDevice::Cpu,
            wgpu::DeviceType::Other => return None,
        };
        Some((info.name, device))
    };
    adapters.unwrap_or_default().into_iter().filter_map(device).collect()
}

/// The names of the Vulkan devices, and whether they are processors.
#[cfg(feature = "wgpu")]
pub fn vulkan_names() -> Vec<(String, bool)> {
    let is_cpu = |device| matches!(device, WgpuDevice::Cpu);
    graphics_devices().into_iter().map(|(name, device)| (name, is_cpu(device))).collect()
}

/// The first Vulkan device.
#[cfg(feature = "text")]
pub fn first_vulkan() -> Option<WgpuDevice> {
    graphics_devices().into_iter().next().map(|(_, device)| device)
}

#[cfg(feature = "wgpu")]
pub fn open_vulkan(n: u16) -> Result<Box<dyn Execution>> {
    let name = Device::Vulkan(n);
    let all = graphics_devices();
    let Some((called, device)) = all.get(usize::from(n)) else {
        return Err(unavailable(
            name,
            format!("there are {} Vulkan devices here; {}", all.len(), name.needs()),
        ));
    };
    open::<WgpuRuntime>(name, called, device, true)
}

#[cfg(feature = "cuda")]
pub fn cuda_names() -> Vec<(String, bool)> {
    let all = quietly(|| cubecl::cuda::CudaRuntime::enumerate_devices(0, &())).unwrap_or_default();
    all.iter().map(|_| (NVIDIA.to_owned(), false)).collect()
}

#[cfg(feature = "cuda")]
pub fn open_cuda(n: u16) -> Result<Box<dyn Execution>> {
    open::<cubecl::cuda::CudaRuntime>(
        Device::Cuda(n),
        NVIDIA,
        &cubecl::cuda::CudaDevice { index: n.into() },
        false,
    )
}

#[cfg(feature = "hip")]
pub fn rocm_names() -> Vec<(String, bool)> {
    let all = quietly(|| cubecl::hip::HipRuntime::enumerate_devices(0, &())).unwrap_or_default();
    all.iter().map(|_| (AMD.to_owned(), false)).collect()
}

#[cfg(feature = "hip")]
pub fn open_rocm(n: u16) -> Result<Box<dyn Execution>> {
    open::<cubecl::hip::HipRuntime>(
        Device::Rocm(n),
        AMD,
        &cubecl::hip::AmdDevice { index: n.into() },
        false,
    )
}

/// Opens a device and looks whether it can store and give back numbers.
fn open<R: Runtime>(
    name: Device,
    called: &str,
    device: &R::Device,
    few_turns: bool,
) -> Result<Box<dyn Execution>> {
    let opened = quietly(|| {
        let opened = Opened::<R>::new(device, format!("{name} ({called})"));
        let numbers = [1u32, 2, 3, 0xffff_ffff];
        let found = opened.download(&opened.upload(&numbers))?;
        if found == numbers {
            Ok(opened)
        } else {
            Err(format!("it gives back {found:?} for {numbers:?}"))
        }
    });
    match opened {
        Ok(Ok(device)) => Ok(Box::new(OnRuntime { device, few_turns })),
        Ok(Err(reason)) | Err(reason) => {
            Err(unavailable(name, format!("{reason}; {}", name.needs())))
        }
    }
}

/// Runs `f`; a panic becomes one line of text and prints nothing.
fn quietly<T>(f: impl FnOnce() -> T) -> std::result::Result<T, String> {
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let result = catch_unwind(AssertUnwindSafe(f));
    set_hook(hook);
    result.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
        let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("no reason given");
        line.trim().chars().take(300).collect()
    })
}
