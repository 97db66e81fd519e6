//! The device that a run uses, by the name that the user gives it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook, take_hook};
use std::str::FromStr;

use burn::tensor::backend::Backend;
use burn::tensor::{DType, IntDType, Tensor, set_default_dtypes};

use crate::backend::{CpuBackend, TrainBackend};
use crate::device_list::Devices;
use crate::error::{Result, TrainError};
use crate::precision::Precision;

/// A computing device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first GPU that the program supports and that works, otherwise the CPU.
    Auto,
    /// The CPU.
    #[default]
    Cpu,
    /// An NVIDIA GPU, by number.
    Cuda(usize),
    /// An AMD GPU, by number.
    Rocm(usize),
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let (kind, number) = text.split_once(':').unwrap_or((text, "0"));
        let number: Option<usize> = number.parse().ok().filter(|n| *n < 1 << 16);
        match (kind, number) {
            ("auto", Some(_)) if text == kind => Ok(Self::Auto),
            ("cpu", Some(_)) if text == kind => Ok(Self::Cpu),
            ("cuda", Some(n)) => Ok(Self::Cuda(n)),
            ("rocm", Some(n)) => Ok(Self::Rocm(n)),
            _ => Err("allowed are cpu, cuda, cuda:N, rocm, rocm:N and auto".into()),
        }
    }
}

impl std::fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(n) => write!(f, "cuda:{n}"),
            Self::Rocm(n) => write!(f, "rocm:{n}"),
        }
    }
}

/// Work that any backend can do.
pub trait OnDevice {
    /// Its result.
    type Output;

    /// Does the work on these devices, at least one.
    ///
    /// # Errors
    /// Those of the work.
    fn run<B: TrainBackend>(self, devices: &[B::Device]) -> Result<Self::Output>;
}

/// Opens devices, sets their precision, and runs the work there.
///
/// The precision of a device is fixed by its first use in a process.
///
/// # Errors
/// [`TrainError::Device`] when a device cannot be used or has too little memory, and those of the work.
pub fn on_devices<W: OnDevice>(
    choice: &Devices,
    precision: Precision,
    work: W,
) -> Result<W::Output> {
    match choice.all()[0] {
        DeviceChoice::Auto => on_devices(&resolve(choice, precision), precision, work),
        choice @ DeviceChoice::Cpu => match precision {
            Precision::Auto | Precision::F32 => work.run::<CpuBackend>(&[Default::default()]),
            half => Err(error(
                choice,
                format!("computes in f32, but `precision` is {half}: set it to auto or f32"),
            )),
        },
        #[cfg(feature = "cuda")]
        DeviceChoice::Cuda(_) => {
            let device = |index| burn::backend::cuda::CudaDevice { index };
            run_on_gpus::<CudaBackend, W>(choice, precision, device, work)
        }
        #[cfg(not(feature = "cuda"))]
        choice @ DeviceChoice::Cuda(_) => Err(not_built(choice, "cuda")),
        #[cfg(feature = "rocm")]
        DeviceChoice::Rocm(_) => {
            let device = |index| burn::backend::rocm::RocmDevice { index };
            run_on_gpus::<RocmBackend, W>(choice, precision, device, work)
        }
        #[cfg(not(feature = "rocm"))]
        choice @ DeviceChoice::Rocm(_) => Err(not_built(choice, "rocm")),
    }
}

/// Opens all GPUs, then runs the work on them.
#[cfg(any(feature = "cuda", feature = "rocm"))]
fn run_on_gpus<B: TrainBackend, W: OnDevice>(
    choice: &Devices,
    precision: Precision,
    device: impl Fn(usize) -> B::Device,
    work: W,
) -> Result<W::Output> {
    let mut devices = Vec::new();
    for &choice in choice.all() {
        let (DeviceChoice::Cuda(index) | DeviceChoice::Rocm(index)) = choice else {
            return Err(error(choice, "is not a GPU".into()));
        };
        devices.push(device(index));
        open::<B>(choice, precision, &devices[devices.len() - 1])?;
    }
    let text = choice.to_string();
    out_of_memory_is_an_error(&text, || work.run::<B>(&devices))
}

/// Runs work on devices whose free memory is not known in advance: too little memory causes a
/// panic.
#[cfg_attr(not(any(feature = "cuda", feature = "rocm")), allow(dead_code))]
fn out_of_memory_is_an_error<T>(device: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done,
        Err(panic) => {
            let text = text_of(&*panic).unwrap_or_default().to_lowercase();
            let signs = [
                "out of memory",
                "outofmemory",
                "out_of_memory",
                "can't allocate",
                "cannot allocate",
            ];
            if !signs.iter().any(|sign| text.contains(sign)) {
                resume_unwind(panic);
            }
            let message = "is out of memory. Halve `batch.sequences` and double `batch.accumulate`: the steps are \
                           the same. `batch.gradient_checkpointing: true` needs less memory, too. Estimates of each \
                           configuration are in docs/HARDWARE_GUIDE.md";
            Err(TrainError::Device { device: device.into(), message: message.into() })
        }
    }
}

#[cfg(feature = "cuda")]
type CudaBackend = burn::backend::Autodiff<burn::backend::Cuda>;
#[cfg(feature = "rocm")]
type RocmBackend = burn::backend::Autodiff<burn::backend::Rocm>;

/// Resolves `auto` on this machine; other choices are unchanged.
pub fn resolve(choice: &Devices, precision: Precision) -> Devices {
    if choice.all() != [DeviceChoice::Auto] {
        return choice.clone();
    }
    let gpu = gpus().into_iter().find(|gpu| ready(*gpu, precision));
    gpu.unwrap_or(DeviceChoice::Cpu).into()
}

/// The GPUs that `auto` tries.
fn gpus() -> Vec<DeviceChoice> {
    let mut gpus = Vec::new();
    if cfg!(feature = "cuda") {
        gpus.push(DeviceChoice::Cuda(0));
    }
    if cfg!(feature = "rocm") {
        gpus.push(DeviceChoice::Rocm(0));
    }
    gpus
}

/// Whether a GPU can be used.
fn ready(gpu: DeviceChoice, precision: Precision) -> bool {
    struct Nothing;
    impl OnDevice for Nothing {
        type Output = ();
        fn run<B: TrainBackend>(self, _: &[B::Device]) -> Result<()> {
            Ok(())
        }
    }
    on_devices(&gpu.into(), precision, Nothing).is_ok()
}

fn error(device: DeviceChoice, message: String) -> TrainError {
    TrainError::Device { device: device.to_string(), message }
}

#[cfg(not(all(feature = "cuda", feature = "rocm")))]
fn not_built(device: DeviceChoice, feature: &'static str) -> TrainError {
    TrainError::NotBuilt { device: device.to_string(), feature }
}

/// The requirements of a GPU.
fn needed(device: DeviceChoice) -> &'static str {
    match device {
        DeviceChoice::Rocm(_) => {
            "it needs an AMD GPU, its kernel driver (amdgpu) and ROCm with HIP and hipRTC; \
             `rocminfo` should list the GPU"
        }
        _ => {
            "it needs an NVIDIA GPU, its driver (libcuda) and NVRTC of the CUDA toolkit; `nvidia-smi` \
             should list the GPU"
        }
    }
}

/// Sets the precision of a device and runs a small computation on it; a panic of its libraries
/// becomes an error.
#[cfg_attr(not(any(feature = "cuda", feature = "rocm")), allow(dead_code))]
fn open<B: Backend>(choice: DeviceChoice, precision: Precision, device: &B::Device) -> Result<()> {
    let opened = without_panic(|| {
        let Some(dtype) = precision.on::<B>(device) else {
            let other = "set it to auto or f32";
            return Err(format!("does not have `precision` {precision}: {other}"));
        };
        // The precision was set before: this is a second run in one process.
        let _ = set_default_dtypes::<B>(device, dtype, IntDType::I32);
        let one = Tensor::<B, 2>::ones([2, 2], device);
        // Four elements, each 1 + 1.
        let zero = one.clone().matmul(one).sum() - 8.0;
        let rest: f32 = zero.cast(DType::F32).into_data().iter::<f32>().sum();
        if rest == 0.0 { Ok(()) } else { Err(format!("computes wrongly: {rest} instead of 0")) }
    });
    match opened {
        Ok(done) => done.map_err(|message| error(choice, message)),
        Err(panic) => Err(error(choice, format!("cannot be used ({panic}); {}", needed(choice)))),
    }
}

/// Runs `f`; a panic becomes one line of text and prints nothing on the terminal.
fn without_panic<T>(f: impl FnOnce() -> T) -> std::result::Result<T, String> {
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let result = catch_unwind(AssertUnwindSafe(f));
    set_hook(hook);
    result.map_err(|payload| {
        let line = text_of(&*payload).and_then(|t| t.lines().find(|l| !l.trim().is_empty()));
        line.unwrap_or("no reason given").trim().chars().take(300).collect()
    })
}

/// The message of a panic, if it is text.
fn text_of(panic: &(dyn Any + Send)) -> Option<&str> {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::backend::Flex;

    struct Two;
    impl OnDevice for Two {
        type Output = f32;
        fn run<B: TrainBackend>(self, devices: &[B::Device]) -> Result<f32> {
            let two = Tensor::<B, 1>::ones([2], &devices[0]).sum();
            Ok(two.into_data().iter::<f32>().sum())
        }
    }

    #[test]
    fn names() {
        for text in ["auto", "cpu", "cuda:0", "cuda:3", "rocm:1"] {
            assert_eq!(text.parse::<DeviceChoice>().unwrap().to_string(), text);
        }
        assert_eq!("rocm".parse(), Ok(DeviceChoice::Rocm(0)));
        for text in ["", "gpu", "cuda:", "cuda:x", "cpu:0", "cuda:99999999", "auto:1"] {
            assert!(text.parse::<DeviceChoice>().unwrap_err().contains("cuda:N"), "{text}");
        }
    }

    #[test]
    fn the_cpu_is_always_there() {
        for choice in [DeviceChoice::Cpu, DeviceChoice::Auto] {
            assert_eq!(on_devices(&choice.into(), Precision::Auto, Two).unwrap(), 2.0);
        }
        let cpu = DeviceChoice::Cpu.into();
        let error = on_devices(&cpu, Precision::Bf16, Two).unwrap_err().to_string();
        assert!(error.contains("cpu") && error.contains("bf16"), "{error}");
    }

    /// This holds with and without the features, on machines without such a GPU.
    #[test]
    fn a_missing_gpu_is_an_error_that_says_what_to_do() {
        for (choice, driver) in
            [(DeviceChoice::Cuda(250), "nvidia"), (DeviceChoice::Rocm(250), "roc")]
        {
            let error = on_devices(&choice.into(), Precision::F32, Two).unwrap_err().to_string();
            assert!(error.starts_with(&format!("device {choice}: ")), "{error}");
            assert!(error.contains("feature") || error.contains(driver), "{error}");
        }
    }

    #[test]
    fn a_device_out_of_memory_is_an_error_with_a_way_out_and_other_panics_go_on() {
        let run = |text: &'static str| {
            out_of_memory_is_an_error("cuda:1", || -> Result<()> { panic!("{text}") })
        };
        let error = run("CUDA_ERROR_OUT_OF_MEMORY while allocating").unwrap_err().to_string();
        assert!(error.starts_with("device cuda:1: is out of memory"), "{error}");
        assert!(error.contains("batch.sequences") && error.contains("batch.accumulate"), "{error}");
        assert!(catch_unwind(|| run("index out of bounds")).is_err());
        assert_eq!(out_of_memory_is_an_error("cuda:1", || Ok(3)).unwrap(), 3);
    }

    #[test]
    fn panics_become_text() {
        let text = without_panic(|| -> () { panic!("no\nlibrary {}", 3) }).unwrap_err();
        assert_eq!(text, "no");
        assert_eq!(without_panic(|| 5), Ok(5));
        open::<Flex>(DeviceChoice::Cpu, Precision::F32, &Default::default()).unwrap();
    }
}
