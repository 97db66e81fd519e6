//! The device that a run uses, by the name that the user gives it.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::str::FromStr;

use burn::tensor::backend::Backend;
use burn::tensor::{DType, IntDType, Tensor, set_default_dtypes};

use crate::backend::{CpuBackend, TrainBackend};
use crate::error::{Result, TrainError};
use crate::precision::Precision;

/// Where to compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first GPU that this program was built for and that works, else the CPU.
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
    /// What comes of it.
    type Output;

    /// Does it.
    ///
    /// # Errors
    /// Those of the work.
    fn run<B: TrainBackend>(self, device: &B::Device) -> Result<Self::Output>;
}

/// Opens a device, sets what it computes with, and runs the work there.
///
/// The precision of a device is fixed by its first use in a process.
///
/// # Errors
/// [`TrainError::Device`] when the device cannot be used, and those of the work.
pub fn on_device<W: OnDevice>(
    choice: DeviceChoice,
    precision: Precision,
    work: W,
) -> Result<W::Output> {
    match choice {
        DeviceChoice::Auto => match gpus().into_iter().find(|gpu| ready(*gpu, precision)) {
            Some(gpu) => on_device(gpu, precision, work),
            None => on_device(DeviceChoice::Cpu, precision, work),
        },
        DeviceChoice::Cpu => match precision {
            Precision::Auto | Precision::F32 => work.run::<CpuBackend>(&Default::default()),
            half => Err(error(
                choice,
                format!("computes in f32, but `precision` is {half}: set it to auto or f32"),
            )),
        },
        #[cfg(feature = "cuda")]
        DeviceChoice::Cuda(index) => {
            let device = burn::backend::cuda::CudaDevice { index };
            open::<CudaBackend>(choice, precision, &device)?;
            work.run::<CudaBackend>(&device)
        }
        #[cfg(not(feature = "cuda"))]
        DeviceChoice::Cuda(_) => Err(not_built(choice, "cuda")),
        #[cfg(feature = "rocm")]
        DeviceChoice::Rocm(index) => {
            let device = burn::backend::rocm::RocmDevice { index };
            open::<RocmBackend>(choice, precision, &device)?;
            work.run::<RocmBackend>(&device)
        }
        #[cfg(not(feature = "rocm"))]
        DeviceChoice::Rocm(_) => Err(not_built(choice, "rocm")),
    }
}

#[cfg(feature = "cuda")]
type CudaBackend = burn::backend::Autodiff<burn::backend::Cuda>;
#[cfg(feature = "rocm")]
type RocmBackend = burn::backend::Autodiff<burn::backend::Rocm>;

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
        fn run<B: TrainBackend>(self, _: &B::Device) -> Result<()> {
            Ok(())
        }
    }
    on_device(gpu, precision, Nothing).is_ok()
}

fn error(device: DeviceChoice, message: String) -> TrainError {
    TrainError::Device { device: device.to_string(), message }
}

#[cfg(not(all(feature = "cuda", feature = "rocm")))]
fn not_built(device: DeviceChoice, feature: &str) -> TrainError {
    let build = format!("cargo install --path crates/vortex-cli --features {feature}");
    error(device, format!("this program was built without it; build it with: {build}"))
}

/// What a GPU needs on the machine.
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

/// Computes something on a device after setting its precision, and turns what its libraries panic with
/// into an error.
#[cfg_attr(not(any(feature = "cuda", feature = "rocm")), allow(dead_code))]
fn open<B: Backend>(choice: DeviceChoice, precision: Precision, device: &B::Device) -> Result<()> {
    let opened = without_panic(|| {
        let Some(dtype) = precision.on::<B>(device) else {
            let other = "set it to auto or f32";
            return Err(format!("does not have `precision` {precision}: {other}"));
        };
        // Set before already: then this is a second run in one process.
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

/// Runs `f`; what it panics with, in one line, without a trace of it on the terminal.
fn without_panic<T>(f: impl FnOnce() -> T) -> std::result::Result<T, String> {
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let result = catch_unwind(AssertUnwindSafe(f));
    set_hook(hook);
    result.map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        let line = text.and_then(|t| t.lines().find(|l| !l.trim().is_empty()));
        line.unwrap_or("no reason given").trim().chars().take(300).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::backend::Flex;

    struct Two;
    impl OnDevice for Two {
        type Output = f32;
        fn run<B: TrainBackend>(self, device: &B::Device) -> Result<f32> {
            let two = Tensor::<B, 1>::ones([2], device).sum();
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
            assert_eq!(on_device(choice, Precision::Auto, Two).unwrap(), 2.0);
        }
        let error = on_device(DeviceChoice::Cpu, Precision::Bf16, Two).unwrap_err().to_string();
        assert!(error.contains("cpu") && error.contains("bf16"), "{error}");
    }

    /// Holds with the features and without, on machines with no such GPU.
    #[test]
    fn a_missing_gpu_is_an_error_that_says_what_to_do() {
        for (choice, driver) in
            [(DeviceChoice::Cuda(250), "nvidia"), (DeviceChoice::Rocm(250), "roc")]
        {
            let error = on_device(choice, Precision::F32, Two).unwrap_err().to_string();
            assert!(error.starts_with(&format!("device {choice}: ")), "{error}");
            assert!(error.contains("--features") || error.contains(driver), "{error}");
        }
    }

    #[test]
    fn panics_become_text() {
        let text = without_panic(|| -> () { panic!("no\nlibrary {}", 3) }).unwrap_err();
        assert_eq!(text, "no");
        assert_eq!(without_panic(|| 5), Ok(5));
        open::<Flex>(DeviceChoice::Cpu, Precision::F32, &Default::default()).unwrap();
    }
}
